// What the codes of single complaints mean: those in `errors[]` of a problem, of a rejected row, of
// the configuration (FieldError::code). Codes of whole refusals are core/errc.hpp's; a complaint
// may carry one of these, too. The test `tidy` holds this table against what the sources say.
#pragma once

#include <string_view>

namespace skerry {

struct FieldCode {
  std::string_view slug;
  std::string_view meaning;  // a sentence, with the remedy
};

// nullptr when no complaint has this code.
const FieldCode* find_field_code(std::string_view slug);

}  // namespace skerry
