// POST /v1/{plural}:batch: up to 1,000 writes in one transaction, each with its own result.
#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/lifecycle.hpp"
#include "api/handlers/record_request.hpp"
#include "api/problem.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/text.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Record;

constexpr std::size_t writes_max = 1000;

enum class BatchOp { create, update, remove };

struct BatchWrite {
  BatchOp op = BatchOp::create;
  std::optional<RecordId> id;
  std::optional<std::int64_t> revision;
  json::object body;               // of create and update
  std::vector<FieldError> errors;  // it cannot be read so far, pointers from the batch
};

struct Batch {
  bool atomic = true;
  std::vector<BatchWrite> writes;
};

// Reads one element; its complaints are under /items/N.
class ElementReader {
 public:
  explicit ElementReader(std::size_t index) : pointer_(fmt::format("/items/{}", index)) {}

  BatchWrite read(const json::value& value) {
    BatchWrite write;
    if (const json::object* object = value.if_object())
      read(write, *object);
    else
      refuse("", "wrong_type", "must be an object");
    write.errors = std::move(errors_);
    return write;
  }

 private:
  void read(BatchWrite& write, const json::object& object) {
    for (const auto& [name, member] : object) take(write, name, member);
    if (write.op != BatchOp::remove && !object.contains("record"))
      refuse("/record", "required", "holds the fields to write");
    if (write.op != BatchOp::create && !object.contains("id"))
      refuse("/id", "required", "names the record");
    if (write.op == BatchOp::create && object.contains("id"))
      refuse("/id", "unknown_field", "of a new record stands in record");
    if (write.op == BatchOp::create && object.contains("revision"))
      refuse("/revision", "unknown_field", "is of update and delete");
    if (write.op == BatchOp::remove && object.contains("record"))
      refuse("/record", "unknown_field", "is of create and update");
  }

  void take(BatchWrite& write, std::string_view name, const json::value& value) {
    const json::string* text = value.if_string();
    if (name == "op") {
      const std::string_view op = text ? std::string_view(*text) : "";
      if (op == "create")
        write.op = BatchOp::create;
      else if (op == "update")
        write.op = BatchOp::update;
      else if (op == "delete")
        write.op = BatchOp::remove;
      else
        refuse("/op", "bad_choice", "must be create, update or delete");
    } else if (name == "id") {
      write.id = text ? parse_id<RecordId>(*text) : std::nullopt;
      if (!write.id) refuse("/id", "bad_id", "is not a record id (a UUID)");
    } else if (name == "revision") {
      const std::int64_t* revision = value.if_int64();
      if (!revision) return refuse("/revision", "wrong_type", "must be a whole number");
      write.revision = *revision;
    } else if (name == "record") {
      const json::object* body = value.if_object();
      if (!body) return refuse("/record", "wrong_type", "must be an object");
      write.body = *body;
    } else {
      refuse("/" + escape_pointer(name), "unknown_field", "is not op, id, revision or record");
    }
  }

  void refuse(const std::string& at, std::string code, std::string detail) {
    errors_.push_back({pointer_ + at, std::move(code), std::move(detail)});
  }

  std::string pointer_;
  std::vector<FieldError> errors_;
};

Result<Batch> read_batch(const json::object& body) {
  Batch batch;
  std::vector<FieldError> errors;
  for (const auto& [name, value] : body)
    if (name != "atomic" && name != "items")
      errors.push_back({"/" + escape_pointer(name), "unknown_field", "is not atomic or items"});
  if (const json::value* atomic = body.if_contains("atomic")) {
    if (atomic->is_bool())
      batch.atomic = atomic->get_bool();
    else
      errors.push_back({"/atomic", "wrong_type", "must be true or false"});
  }
  const json::value* items = body.if_contains("items");
  if (!items || !items->is_array()) {
    errors.push_back({"/items", "required", "must be an array of writes"});
  } else if (items->get_array().empty() || items->get_array().size() > writes_max) {
    errors.push_back({"/items", "out_of_range", fmt::format("must hold 1 to {}", writes_max)});
  } else {
    for (std::size_t i = 0; i < items->get_array().size(); ++i)
      batch.writes.push_back(ElementReader(i).read(items->get_array()[i]));
  }
  // One that is not atomic refuses with each its own complaints, when its turn comes.
  if (batch.atomic)
    for (const BatchWrite& write : batch.writes)
      errors.insert(errors.end(), write.errors.begin(), write.errors.end());
  if (errors.empty()) return batch;
  return fail(Error(Errc::validation_failed, "the batch is not acceptable", {}, std::move(errors)));
}

class BatchWriter {
 public:
  BatchWriter(Context& context, Connection& connection, const Kind& kind,
              const store::Author& author)
      : connection_(connection),
        writer_(record_writer(context, connection)),
        kind_(kind),
        author_(author) {}

  // nullopt: an atomic batch with a write that was refused; `errors` says which and why.
  std::optional<std::string> write(const Batch& batch, std::vector<FieldError>& errors) {
    if (batch.atomic) writer_.write_together();
    std::string results;
    for (std::size_t i = 0; i < batch.writes.size(); ++i) {
      const auto record = apply(batch.writes[i]);  // a refusal has written nothing
      if (!record && batch.atomic) {
        note(i, record.error(), errors);
        continue;
      }
      results +=
          fmt::format("{}{}", results.empty() ? "" : ",", result(i, batch.writes[i], record));
    }
    if (!errors.empty()) return std::nullopt;
    return fmt::format(R"({{"written":{},"refused":{},"results":[{}]}})", written_, refused_,
                       results);
  }

 private:
  // nullopt: it was deleted.
  Result<std::optional<Record>> apply(const BatchWrite& write) {
    if (!write.errors.empty())
      return fail(Error(Errc::validation_failed, "the write cannot be read", {}, write.errors));
    if (write.op == BatchOp::remove) {
      SKERRY_TRY_VOID(writer_.remove(kind_, *write.id, write.revision, author_));
      return std::optional<Record>();
    }
    if (write.op == BatchOp::update) {
      SKERRY_TRY(Record record,
                 writer_.update(kind_, *write.id, write.body, write.revision, author_));
      return std::optional(std::move(record));
    }
    NewRecord made = read_new_record(kind_, write.body);
    SKERRY_TRY(Record record, writer_.create(kind_, made.id, std::move(made.values), author_,
                                             std::move(made.errors)));
    return std::optional(std::move(record));
  }

  std::string result(std::size_t index, const BatchWrite& write,
                     const Result<std::optional<Record>>& outcome) {
    if (!outcome) {
      ++refused_;
      const Response answer = refusal(write, outcome.error());
      return fmt::format(R"({{"index":{},"status":{},"problem":{}}})", index, answer.status,
                         std::get<std::string>(answer.body));
    }
    ++written_;
    if (!*outcome)
      return fmt::format(R"({{"index":{},"status":204,"id":"{}"}})", index, to_string(*write.id));
    return fmt::format(R"({{"index":{},"status":{},"id":"{}","revision":{}}})", index,
                       write.op == BatchOp::create ? 201 : 200, to_string((*outcome)->id),
                       (*outcome)->revision);
  }

  // As the write alone would be refused.
  Response refusal(const BatchWrite& write, const Error& why) const {
    if (why.code != Errc::precondition_failed) return problem(why, author_.request);
    return precondition_answer(connection_, why, kind_, *write.id, write.body, author_.request);
  }

  static void note(std::size_t index, const Error& why, std::vector<FieldError>& errors) {
    const std::string pointer = fmt::format("/items/{}", index);
    if (why.errors.empty())
      errors.push_back({pointer, std::string(info(why.code).slug), why.detail});
    for (const FieldError& each : why.errors)
      errors.push_back({fmt::format("{}/record{}", pointer, each.pointer), each.code, each.detail});
  }

  Connection& connection_;
  store::RecordWriter writer_;
  const Kind& kind_;
  const store::Author& author_;
  std::size_t written_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace

Task<Result<Response>> write_batch(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  if (auto refused = refuse_unwritten(request, *kind, "OPTIONS")) co_return std::move(*refused);
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const json::object body, request.json_body());
  SKERRY_CO_TRY(const Batch batch, read_batch(body));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    std::vector<FieldError> errors;
    auto results = BatchWriter(context, connection, *kind, author).write(batch, errors);
    if (!results)
      return fail(Error(Errc::validation_failed, "some of the writes were refused; none was done",
                        "correct them, or send atomic: false to write the others",
                        std::move(errors)));
    Response response = Response::json(200, std::move(*results));
    if (retry.has_key()) retry.keep(connection, response);
    return response;
  };
  auto response = co_await write(context, work);
  co_return response;
}

}  // namespace skerry::api
