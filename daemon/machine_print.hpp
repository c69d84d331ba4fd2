// Which machine this is, for the anchor: what of it can be read without privileges, as digests.
#pragma once

#include <filesystem>

#include "store/anchor.hpp"

namespace skerry::daemon {

// `root`: "/", or a test's. The system's id is /etc/machine-id, the board's the product UUID of the
// DMI tables (root reads it), the generation that of a virtual machine whose host tells it
// (QEMU's fw_cfg: it changes when the machine is put back from a snapshot and started).
store::MachinePrint read_machine_print(const std::filesystem::path& root);

}  // namespace skerry::daemon
