// A database of one machine, initialised, with its log; for tests of what works on records.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "crypto/secret.hpp"
#include "store/change_log.hpp"
#include "store/write_records.hpp"
#include "tests/unit/store/test_clock.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {

class MachineStoreTest : public testing::Test {
 protected:
  explicit MachineStoreTest(Role role_in = Role::central) : role(role_in) {
    auto opened = Database::open(folder / "data");
    if (!opened) throw std::runtime_error(opened.error().detail);
    database = std::move(*opened);
    database->set_participant(&log);
    write([&](Connection& connection) -> Result<void> {
      write_identity(connection, {role, SiteId{}, "test"});
      log.start_own(connection,
                    {new_id<EpochId>(random), role == Role::central ? 1'780'000'000 : 0});
      return {};
    });
  }
  ~MachineStoreTest() override { database->stop(); }

  // Runs `work` as one job and gives what it gave.
  template <class Work>
  auto run(Work work) {
    return database->write(work);
  }
  // As run(), and the test fails when it is refused.
  template <class Work>
  void write(Work work) {
    const auto written = database->write(work);
    ASSERT_TRUE(written) << written.error().detail;
  }

  Result<Record> create(std::string_view kind, std::string_view body) {
    return run([&](Connection& connection) -> Result<Record> {
      SKERRY_TRY(const json::object object, parse_json_object(body));
      SKERRY_TRY(FieldValues values, read_new(*find_kind(kind), object));
      return RecordWriter(connection, log, role, random)
          .create(*find_kind(kind), std::nullopt, std::move(values), author);
    });
  }
  Result<Record> update(const Record& record, std::string_view patch,
                        std::optional<std::int64_t> revision = std::nullopt) {
    return run([&](Connection& connection) -> Result<Record> {
      SKERRY_TRY(const json::object object, parse_json_object(patch));
      return RecordWriter(connection, log, role, random)
          .update(*record.kind, record.id, object, revision, author);
    });
  }
  Result<void> remove(const Record& record) {
    return run([&](Connection& connection) -> Result<void> {
      return RecordWriter(connection, log, role, random)
          .remove(*record.kind, record.id, std::nullopt, author);
    });
  }
  std::string text(std::string_view sql) {
    const Reader reader = database->read();
    Cursor cursor = reader->query(sql);
    return cursor.next() ? std::string(cursor.text(0)) : "no row";
  }
  std::int64_t number(std::string_view sql) {
    const Reader reader = database->read();
    Cursor cursor = reader->query(sql);
    return cursor.next() ? cursor.integer(0) : -1;
  }

  TemporaryFolder folder;
  Role role;
  TestClock clock;
  crypto::SystemRandom random;
  ChangeLog log{clock};
  std::unique_ptr<Database> database;
  Author author{"uid:0", "api", "rq-1"};
};

class SiteStoreTest : public MachineStoreTest {
 protected:
  SiteStoreTest() : MachineStoreTest(Role::site) {}
};

}  // namespace skerry::store
