// A second oracle: the protocol's executable model (docs/design/sync_model.py). Its histories,
// written down by model_history.py, are repeated by the shipped engine and store, event by event;
// at the end both must say that everybody sees the same.
#pragma once

#include <iosfwd>

namespace skerry::sim {

// Reads histories up to their end; 0 when every one ended as the model says.
int run_model(std::istream& histories);

}  // namespace skerry::sim
