#include "sync/known_site.hpp"

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/text.hpp"
#include "store/record.hpp"

namespace skerry::sync {

Result<std::optional<store::Site>> find_known_site(store::Connection& connection,
                                                   const std::string& name,
                                                   const std::optional<SiteId>& id) {
  std::optional<store::Site> known;
  for (store::Site& site : store::list_sites(connection)) {
    if (id && site.id == *id && site.name != name)
      return fail(Errc::already_exists,
                  fmt::format("site {} has the id {}", site.name, to_string(*id)),
                  "invite it by that name: skerry site invite " + shell_word(site.name));
    if (site.name != name) continue;
    if (id && site.id != *id)
      return fail(Errc::already_exists,
                  fmt::format("a site called {} has another id, {}", name, to_string(site.id)),
                  fmt::format("where it was invited by mistake: skerry site set {} --name "
                              "ANOTHER_NAME, then this again",
                              shell_word(name)));
    if (site.status == store::SiteStatus::active)
      return fail(Errc::already_exists, fmt::format("a site is called {} already", name),
                  "choose another name, or: skerry site revoke " + shell_word(name));
    known = std::move(site);
  }
  return known;
}

Result<void> check_same(store::Connection& connection, const store::Site& site,
                        const FieldValues& wanted) {
  const Kind& kind = *find_kind("site");
  const auto record = store::find_record(connection, kind, site.record_id());
  SKERRY_CHECK(record.has_value());
  for (const FieldValue& value : wanted) {
    const Field& field = kind.fields[value.field];
    if (field.read_only || record->values[value.field] == value.value) continue;
    return fail(Errc::already_exists,
                fmt::format("site {} was invited with another {}", site.name, field.name),
                fmt::format("invite it as it is (skerry site show {0}), then change it: skerry "
                            "site set {0}",
                            shell_word(site.name)));
  }
  return {};
}

}  // namespace skerry::sync
