// Bundles between the daemon and what people carry: a medium's folder, or a single file.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "daemon/daemon_client.hpp"
#include "sync/medium.hpp"

namespace skerry::daemon {

// BUNDLE of the API's answers.
struct DueBundle {
  std::string name;
  sync::Party from;
  sync::Party to;
  std::uint64_t size = 0;
  std::int64_t rows = 0;
};
Result<DueBundle> due_bundle(const json::value& value);
Result<std::vector<DueBundle>> due_bundles(const json::object& answer);
// Names the sites for which nothing could be packed, and says how many there are.
std::size_t note_unpacked(Terminal& terminal, const json::object& answer);

// "central" or a UUID.
Result<sync::Party> parse_party(std::string_view text);
// "central", "site 3f2a91c0".
std::string short_name(const sync::Party& party);
// Whom a medium is carried to from `self`, for people: "the site" where all that is on it `from`
// sites is of the one that it is for, else who they are. `from`: as Party's to_string().
std::string next_readers(const sync::Party& self, const std::vector<sync::Party>& to,
                         const std::vector<std::string>& from);

// A bundle that is there, and the medium it lies on when it lies on one.
struct FoundBundle {
  std::filesystem::path file;
  std::filesystem::path medium;  // the folder that holds SKERRY/; empty: a single file
  // Where an answer to it goes.
  std::filesystem::path beside() const {
    return medium.empty() ? std::filesystem::absolute(file).parent_path() : medium;
  }
};

// What `place` means by an invitation: the file itself, or below a folder
// SKERRY/*/central/invitation-*.skb. All of them, ordered by name; Errc::bad_input without any.
Result<std::vector<FoundBundle>> find_invitations(const std::filesystem::path& place);
// The same for answers: SKERRY/central/*/enrol-*.skb.
Result<std::vector<FoundBundle>> find_answers(const std::filesystem::path& place);

// As open_input(), of what shall be a bundle: Errc::limit_exceeded for a file that is longer.
Result<OpenFile> open_bundle(const std::filesystem::path& file);
// Names the file in a refusal of what it holds.
Error about_file(const std::filesystem::path& file, Error error);

// To the daemon, to be taken in as `name`. Of what is too long to be sent the beginning goes: so it
// is refused by its true length, and recorded, like any other file. `what`: for the progress.
Result<json::object> hand_in(DaemonClient& daemon, const OpenFile& file, std::string_view name,
                             std::string_view what);

// Of the files seen last, those refused whose evidence the daemon keeps.
Result<std::set<Hash>> kept_evidence(DaemonClient& daemon, std::int64_t last);
bool is_one_of(const std::set<Hash>& kept, int fd);

// From the daemon's outbox; and out of it, when it has arrived elsewhere.
Result<OpenFile> fetch_bundle(DaemonClient& daemon, const DueBundle& bundle);
Result<void> drop_bundle(DaemonClient& daemon, const DueBundle& bundle);
// Fetches the bundle from the daemon and writes it to the medium `folder`, or into `file`. Read
// back and compared, and then gone from the daemon's outbox, before it returns the path.
Result<std::filesystem::path> carry_to_medium(DaemonClient& daemon, const DueBundle& bundle,
                                              const std::filesystem::path& folder);
Result<std::filesystem::path> carry_to_file(DaemonClient& daemon, const DueBundle& bundle,
                                            const std::filesystem::path& file);
// Errc::bad_input for what is no medium's folder: a file, or SKERRY/ itself, below which nobody
// would look for another.
Result<void> check_medium(const std::filesystem::path& folder);
// Errc::io_failed unless `place` is a folder, or a file NAME.skb in one: a medium that is not
// mounted must not end as a file of its name on the system's disk. As check_medium() of a folder.
Result<void> check_place(const std::filesystem::path& place);
// Errc::io_failed, Errc::storage_full when a small bundle finds no room at `place`, which
// check_place() has seen: to ask before something is done that cannot be done twice.
Result<void> check_room(const std::filesystem::path& place);

// A medium that is not mounted is a folder of the system's disk: asks whether that is meant.
void note_own_disk(Terminal& terminal, const std::filesystem::path& data,
                   const std::filesystem::path& folder);
// … names a bundle for `self`, by its name, that somebody put on the medium beside its place.
void note_misplaced(Terminal& terminal, const std::filesystem::path& medium,
                    const sync::Party& self);

// One command at a time packs at a machine, and one writes to a medium: waits, and says so, until
// nobody else holds these folders. What cannot be locked is not.
std::vector<sync::FileHandle> take_turns(Terminal& terminal,
                                         const std::vector<std::filesystem::path>& folders);

// To a folder as a medium, to anything else as a file. check_place() comes first.
Result<std::filesystem::path> carry_out(DaemonClient& daemon, const DueBundle& bundle,
                                        const std::filesystem::path& place);

}  // namespace skerry::daemon
