// The stamp of every field of a record: which version of central it is, who wrote it, when it
// counts as written. Kept as one short text beside the record, because a record mostly has one
// stamp.
//
//   stamps = stamp *( ";" field "=" stamp )        the first is every field's that is not named
//   stamp  = ord "." n "." site "." effective      decimal, decimal, decimal, hexadecimal HLC
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hlc.hpp"
#include "core/version.hpp"

namespace skerry::store {

struct FieldStamp {
  Version version;        // zero: central has not seen the field
  std::int64_t site = 0;  // the author's number in table `site`; 0: central. Only at central.
  HlcStamp effective;     // only at central
  bool operator==(const FieldStamp&) const = default;
};

class Stamps {
 public:
  Stamps() = default;
  explicit Stamps(FieldStamp every) : every_(every) {}

  // nullopt for text of another form: the database was changed by other means.
  static std::optional<Stamps> parse(std::string_view text);
  std::string to_text() const;

  const FieldStamp& of(std::string_view field) const;
  void set(std::string_view field, FieldStamp stamp);
  const FieldStamp& every() const { return every_; }
  // False while the record has never been at central.
  bool at_central() const { return every_.version.at_central(); }

 private:
  FieldStamp every_;
  std::vector<std::pair<std::string, FieldStamp>> named_;
};

}  // namespace skerry::store
