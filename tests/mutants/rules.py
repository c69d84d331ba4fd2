"""The rules of reconciliation, and for each a change of one place in the sources that breaks it.

A break is (file, what stands there, what stands there instead); the text must be there once. Where
a second rule stands behind the first and would hold, the break passes by both. Seeds: how many the
simulator may need until it notices; few rules need more than the default.
"""

from dataclasses import dataclass

SEEDS_DEFAULT = 600


@dataclass(frozen=True)
class Break:
    name: str  # for the command line
    rule: str  # what is broken, with its hazard or place in the protocol
    file: str
    before: str
    after: str
    seeds: int = SEEDS_DEFAULT
    disasters: bool = False  # in worlds that have them all, often


BREAKS = (
    # Lost memory and other branches.
    Break("fork", "H2: another row under a known number is a fork", "sync/row_taker.cpp",
          "forked_ = known && known->hash != row.hash;", "forked_ = false;", disasters=True),
    Break("fork_rest", "4.5: what follows a fork is kept, not taken in", "sync/row_taker.cpp",
          "if (forked_) return keep(row);",
          "if (forked_ && row.seq <= epoch_.head) return keep(row);", disasters=True),
    Break("reissue", "H2: a change that is issued again counts once", "sync/row_taker.cpp",
          "if (!row.uid) return std::nullopt;", "return std::nullopt;", disasters=True),
    Break("future_up", "H4: a site that knows central's future means a new life",
          "sync/engine_central.cpp", "return down.n > central.n ||", "return false &&",
          disasters=True),
    Break("life_up", "H4: a later life that a site names means a new life",
          "sync/engine_central.cpp",
          "if (down.life.ord != central.life.ord) return down.life.ord > central.life.ord;",
          "if (down.life.ord != central.life.ord) return false;", disasters=True),
    Break("hash_up", "H5: a position is a number and a hash", "sync/engine_central.cpp",
          "(down.n > 0 && central.hash_at_down != down.hash);", "false;", disasters=True),
    Break("future_down", "H1: central that knows a site's future means a new epoch",
          "sync/engine_site.cpp", "if (!ack || ack->n <= own.end) return std::nullopt;",
          "return std::nullopt;", disasters=True),
    Break("fork_down", "H2: a fork that central names means a new epoch", "sync/engine_site.cpp",
          "if (!ack || !ack->fork || is_ours(own, ack)) continue;", "continue;", disasters=True),
    Break("ack_hash", "H2: an acknowledgement holds only for the row of its hash",
          "sync/engine_site.cpp", "return pruned || own.hash_at_ack == ack->hash;", "return true;",
          disasters=True),
    Break("waypoints", "H5: a bundle fits only a site that stands on its history",
          "sync/engine_site.cpp",
          "return std::find(body.waypoints.begin(), body.waypoints.end(), std::pair(site.n, "
          "site.hash)) !=\n         body.waypoints.end();", "return true;", disasters=True),
    Break("new_life", "4.5: only a snapshot is taken from a new life", "sync/engine_site.cpp",
          "if (verdict.new_life)\n", "if (verdict.new_life) return verdict;\n  if (false)\n",
          disasters=True),
    Break("ended_life", "H18: an ended life of central says nothing any more",
          "sync/engine_site.cpp", "if (body.upto.life.ord < site.life.ord) {", "if (false) {",
          disasters=True),
    Break("acks_of_life", "H4: nothing is acknowledged until the new life says so",
          "sync/engine_site.cpp", "if (new_life) own->acked = own->durable = 0;", "",
          disasters=True),
    Break("pending_of_life", "H4: what waits is shown over the state of a new life",
          "sync/take_state.cpp", "if (anew) taker.show_pending();", "", disasters=True),
    Break("anchor", "H1: an anchor that knows more means a new epoch", "sync/recall.cpp",
          "if (known.hash_at_anchor != anchor.hash) return AnchorVerdict::ahead;", "",
          disasters=True),
    Break("fence", "H3: the rows of a copy's epoch are only kept", "sync/engine_central.cpp",
          "} else if (central.epoch->fenced) {", "} else if (false) {", disasters=True),
    Break("unheard_epoch", "H1: what comes late of an epoch that was never heard of is no copy's",
          "sync/take_changes.cpp",
          "if (!left) left = store::insert_epoch(connection_, site_, *body_.previous);",
          "if (!left) return;"),
    Break("copy_down", "H3: a copy takes nothing in", "sync/engine_site.cpp",
          "if (verdict.copy || site.copy)", "if (false)", disasters=True),
    # Order.
    Break("gap_up", "H14: rows are taken in without a gap", "sync/engine_central.cpp",
          "if (body.first > head + 1)",
          "if (body.first > head + 1) {\n    verdict.action = Action::apply;\n    return verdict;\n"
          "  }\n  if (false)", disasters=True),
    Break("gap_down", "H14: states follow each other", "sync/engine_site.cpp",
          "if (body.base.n > site.n)", "if (false)"),
    Break("old_state", "H14: an older bundle is a no-op", "sync/engine_site.cpp",
          "if (body.upto.n <= site.n) {", "if (false) {"),
    Break("recipient", "H17: a bundle for somebody else is refused", "sync/import.cpp",
          "SKERRY_TRY_VOID(check_recipient(identity, reader.manifest().to));", ""),
    # Merging.
    Break("clock_clamp", "H6: no stamp counts later than a minute after it came",
          "core/hlc.cpp", "return std::min(stamp, HlcStamp::at(received + stamp_lead_ms_max));",
          "return stamp;"),
    Break("later_wins", "4.4: of two the later stamp wins", "core/merge.cpp",
          "return std::pair(proposal.effective, proposal.author) >\n"
          "         std::pair(current.effective, current.author);", "return true;"),
    Break("own_successor", "4.4: who follows its own earlier row is not concurrent",
          "core/merge.cpp",
          "(current.author == proposal.author && !proposal.author.is_zero() && "
          "proposal.follows_own);",
          "false;"),
    Break("base", "4.4: who wrote over what it saw is not concurrent", "core/merge.cpp",
          "return (proposal.base && *proposal.base == current.version) ||", "return"),
    Break("observed_remove", "4.4: of a set only what was seen is removed", "core/merge.cpp",
          "if (!contains(seen, element) || contains(wanted, element)) merged.push_back(element);",
          "if (contains(wanted, element)) merged.push_back(element);", 1200),
    Break("conflict", "H7: a concurrent edit leaves a conflict record", "sync/decide_row.cpp",
          "if (is_conflict(merged.outcome)) conflicts.emplace_back(&field, merged);", ""),
    Break("tombstone", "H8: what is deleted lives again by a decision alone",
          "sync/decide_row.cpp",
          "if (const auto tombstone = store::find_tombstone(connection_, row.change.record))\n"
          "    return edit_of_gone(row, *tombstone);\n  const auto before",
          "const auto before"),
    Break("delete_vs_edit", "H7: an edit that a deletion did not see is kept as a conflict",
          "sync/decide_row.cpp",
          "if (seen || (stamp.site == site_.number && "
          "follows_own(stamp, row.change.base))) continue;",
          "continue;"),
    Break("branch", "H3: what another branch of the site wrote, this one did not see",
          "sync/decide_row.cpp",
          "base == stamp.version || branch_->holds(stamp.version);", "true;", 1200, disasters=True),
    Break("duplicate_key", "H9: of two records with one key both stay, with a conflict record",
          "sync/decide_row.cpp",
          "note_duplicate_keys(row, Record(*change.kind), record);", ""),
    Break("held", "H10: what waits is decided when its parent is here", "sync/row_taker.cpp",
          "  decide_transaction();\n  retry_held();", "  decide_transaction();"),
    Break("transaction", "H11: a row that is refused takes its transaction along",
          "sync/row_taker.cpp", "if (transaction_.size() == 1) {",
          "if (transaction_.size() > 1) {\n    for (const SiteRow& row : transaction_) "
          "decide_alone(row);\n  } else if (transaction_.size() == 1) {"),
    Break("owner", "4.4: a site does not write what is central's", "sync/decide_row.cpp",
          "if (row.change.kind->authority == Authority::central) return "
          "rejected(\"owned_by_central\");", ""),
    # Scope.
    Break("scope_in", "H13: a change of what the site does not see is a conflict",
          "sync/decide_row.cpp",
          "if (!before) return absent(row);\n  if (!scope_allows(row, before->scope)) return "
          "{Disposition::conflict, \"out_of_scope\", 0};\n  return set_fields(row, *before);",
          "if (!before) return absent(row);\n  return set_fields(row, *before);"),
    Break("in_vain", "H13: who deletes what was made in vain leaves nothing to decide",
          "sync/decide_row.cpp", "withdraw_proposals(row, *tombstone);", "", 1800),
    Break("evict", "H13: what leaves the scope is taken away", "sync/due.cpp",
          "return due_for.scope.sees(due.id) ? lines.entered() : lines.left();",
          "return due_for.scope.sees(due.id) ? lines.entered() : Result<bool>(true);"),
    Break("evict_moved", "H13: what moves out of the scope is taken away", "sync/due.cpp",
          "if (!held) return std::nullopt;", "return std::nullopt;"),
    Break("enter", "H13: what enters the scope comes whole", "sync/due.cpp",
          "return due_for.scope.sees(due.id) ? lines.entered() : lines.left();",
          "return due_for.scope.sees(due.id) ? Result<bool>(true) : lines.left();"),
    Break("scope_out", "I12: nothing outside the scope leaves central", "sync/due.cpp",
          "if (!record || !due_for.scope.sees(*record->kind, record->scope)) return std::nullopt;",
          "if (!record) return std::nullopt;"),
    # The site's view.
    Break("pending", "4.3: the view is central's state with what waits over it",
          "sync/rebase.cpp", "replay(after, *change, log_.wall_ms());", ""),
    Break("settle", "4.5: what central decided is shown when nothing waits any more",
          "sync/take_state.cpp",
          "for (std::size_t i = 0; i < epochs_.size(); ++i) taker.settle(epochs_[i], "
          "confirmed[i].acked);", ""),
    Break("snapshot_drops", "4.9: what a snapshot does not name is gone", "sync/take_state.cpp",
          "taker.drop_others(upto);", ""),
    Break("told", "H11: a site is told what became of its rows", "sync/take_state.cpp",
          "take_result(*told);", "static_cast<void>(told);"),
    # Seats.
    Break("own_use", "I10: what central's own seats use is not allocated", "store/allocations.cpp",
          "others.add(own_use(connection, id, usage_since(*entitlement, now)));", ""),
    Break("held_seats", "H26: what is taken back counts until its site has confirmed it",
          "store/allocations.cpp",
          "if (!is_confirmed(allocation) && now < "
          "instant_or_zero(allocation.value(\"held_until\")))",
          "if (false)"),
    Break("whole_lease", "ADR 49: after a start every lease has its whole period again",
          "licensing/seat_desk.cpp", "seat.until = std::max(seat.until, until);", ""),
    Break("lost_reply", "ADR 48: a call whose reply was lost is answered again",
          "licensing/seat_rules.cpp",
          "if (turn == seat.turn - 1 && request == seat.last_request) return Turn::repeated;", ""),
    Break("one_fact", "ADR 53: what happened to a seat is said once", "licensing/usage_facts.cpp",
          "is_counted(key.what) ? new_record_id(log_.wall_ms(), random_) : id_of(key);",
          "new_record_id(log_.wall_ms(), random_);", 1800),
)
