// Enrolment by file (SYNC 4.8): central invites, the site answers with its keys, central admits.
//
//   invitation  central → site   trust document, site id and name, scope, single-use code
//   enrol       site → central   the site's public keys, a nonce, a proof of the code; self-signed
//   then the first state, an ordinary snapshot.
//
// The code proves that the answer is to this invitation; that it came from the right machine is for
// the operator, who compares the fingerprint in words by another channel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/sites.hpp"
#include "sync/pack.hpp"
#include "sync/spool.hpp"
#include "sync/trust.hpp"

namespace skerry::sync {

// At central: a new site with its invitation. `values`: of its record, as read_new() gives them.
// A site of that name that is revoked, or was never admitted, is invited once more instead: it
// keeps its record, its scope and its logs, and older invitations are void. With `id` it is the
// site that a machine is already, and that this central knew before it was put back: what the
// machine wrote comes with its exchanges, as after any new life of central. Errors:
// Errc::wrong_role, Errc::already_exists (an active site has the name, another one has it or the
// id, or the site has another scope or customer), Errc::reference_not_found (a customer).
struct Invited {
  store::Site site;
  std::string record_json;  // of the site
  PackedBundle bundle;
  Hash central_fingerprint{};
};
Result<Invited> invite_site(const Node& node, const FieldValues& values,
                            const store::Author& author,
                            const std::optional<SiteId>& id = std::nullopt);

// At a site: takes the invitation on and answers it. An invitation for the same site gives an
// answer again; one for another site is taken on as long as nothing of central's has come. What was
// written here stays, and is sent once the site is admitted. Errors: Errc::wrong_role,
// Errc::already_exists (enrolled as another site), those of BundleReader::open.
struct Answered {
  SiteId site;
  std::string site_name;
  Trust trust;
  Hash site_fingerprint{};
  PackedBundle bundle;
};
Result<Answered> answer_invitation(const Node& node, SpooledFile invitation);

// At central: the answer. Without `confirm` nothing is changed: it tells whose keys these are.
// Errors: Errc::code_used, Errc::unknown_signer (no such invitation), those of BundleReader::open.
struct Applicant {
  store::Site site;
  Hash fingerprint{};
  bool admitted = false;
};
// Decides by what the operator compared: called with the site's fingerprint.
using ConfirmFingerprint = std::function<Result<bool>(const Hash& fingerprint)>;
Result<Applicant> admit_site(const Node& node, SpooledFile answer,
                             const ConfirmFingerprint& confirm, const store::Author& author);

// At central: refuses the site's bundles from now on. Errc::not_found.
Result<store::Site> revoke_site(const Node& node, const SiteId& id, const store::Author& author);

// Central's own trust document.
Result<Trust> trust_of_central(const Node& node);

}  // namespace skerry::sync
