// What a write of the catalogue, an entitlement or an allocation brings with it and is held to,
// with the database at hand (ADR 0046, ADR 0047). Internal to the write path, at central.
//
// An entitlement is a copy of its offering: what it does not say when it is made is taken from the
// offering, then from its plan, its edition, its product. A term that is said and differs is named
// in `overridden` and stays when the offering is changed for another; null takes it back.
#pragma once

#include "store/record.hpp"
#include "store/refusal.hpp"

namespace skerry::store {

// What is to be written once what follows from `given` stands beside it: terms, beginning and end
// of an entitlement; what an allocation holds until its site confirms the change. `before` is null
// for a new record. Other kinds: `given` itself. In the order of the fields.
FieldValues complete_terms(Connection& connection, const Kind& kind, const Record* before,
                           FieldValues given, UnixMillis now);

// Of the values by key in this field of an edition or offering, those that the product defines: the
// definition of the others was deleted or changed, and an entitlement gets nothing by them.
json::object still_defined(Connection& connection, const RecordId& product, std::string_view field,
                           const json::value& given);

// Complaints about keys that the product does not define, about records of different products or
// customers, and about more than was sold.
void check_terms(Connection& connection, const Record& record, const Record* before, UnixMillis now,
                 Refusal& refusal);

}  // namespace skerry::store
