// The conditions of a list as SQL, of the table as t and of custom_value as v. Only for
// store/list_plan.cpp.
#pragma once

#include <string>

#include "store/list_plan.hpp"

namespace skerry::store {

// Whether a row meets the conditions that the driver does not see to, as an expression.
std::string passes_text(ListStatement& statement, const ListQuery& query, const ListDriver& driver);

// The condition that makes the driver's index lead to its records.
std::string driver_text(ListStatement& statement, const ListQuery& query, const ListDriver& driver);

// What the name of the filter's index has behind that of the kind.
std::string filter_index(const ListFilter& filter);

// One bound of a range, that is there.
std::string since_text(ListStatement& statement, const ListRange& range);
std::string until_text(ListStatement& statement, const ListRange& range);

}  // namespace skerry::store
