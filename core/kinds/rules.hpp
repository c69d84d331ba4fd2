// What no single field of a record can say: rules between its fields, and of what may follow what.
// They hold for writes of people, programs and imports; a row of a peer is merged field by field.
#pragma once

#include "core/kinds/kinds.hpp"

namespace skerry {

void check_asset(const Kind& kind, ValuesView before, ValuesView after,
                 std::vector<FieldError>& errors);
void check_move(const Kind& kind, ValuesView before, ValuesView after,
                std::vector<FieldError>& errors);
void check_custom_field(const Kind& kind, ValuesView before, ValuesView after,
                        std::vector<FieldError>& errors);
void check_site(const Kind& kind, ValuesView before, ValuesView after,
                std::vector<FieldError>& errors);
void check_feature(const Kind& kind, ValuesView before, ValuesView after,
                   std::vector<FieldError>& errors);
void check_attribute(const Kind& kind, ValuesView before, ValuesView after,
                     std::vector<FieldError>& errors);
void check_terms(const Kind& kind, ValuesView before, ValuesView after,
                 std::vector<FieldError>& errors);
void check_entitlement(const Kind& kind, ValuesView before, ValuesView after,
                       std::vector<FieldError>& errors);
// Of a new record: in a patch null takes a key back, here it would be dropped without a word.
void check_new_settings(const Field& field, const json::value& settings,
                        std::vector<FieldError>& errors);
void check_allocation(const Kind& kind, ValuesView before, ValuesView after,
                      std::vector<FieldError>& errors);

}  // namespace skerry
