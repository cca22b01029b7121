#include "events/audit_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "events/audit_seal.h"
#include "events/audit_seal_sql.h"

namespace vestibule::events {
namespace {

constexpr std::size_t most_findings = 1000;
constexpr int seals_a_snapshot = 8;
constexpr base::Milliseconds overdue_after{60'000};

/// The row, unless a column holds what no code of ours writes there.
std::optional<AuditRow> try_read_row(const store::Rows& rows) {
  try {
    return read_row(rows);
  } catch (const std::logic_error&) {
    return std::nullopt;
  }
}

class Verifier {
 public:
  Verifier(store::Store& store, const base::Secret& key, const VerifyProgress& progress)
      : store_(store), key_(key), progress_(progress) {}

  Verification run(const std::optional<AuditHead>& exported, base::Time now) {
    while (walk_some()) {
      if (progress_) progress_(result_.lines);
    }
    if (former_) result_.head = AuditHead::of(*former_);
    look_at_unsealed(now);
    if (result_.lines > 0 && fitting_ == 0) tell_wrong_key();
    if (exported) compare(*exported);
    return std::move(result_);
  }

 private:
  /// The next seals with their lines; false when there are no more.
  bool walk_some() {
    return store_.read([&](store::Transaction& tx) {
      const auto seals = list_seals(tx, former_ ? former_->sequence : 0, seals_a_snapshot);
      for (const auto& seal : seals) {
        check(tx, seal);
        ++result_.seals;
        former_ = seal;
      }
      return !seals.empty();
    });
  }

  void check(store::Transaction& tx, const Seal& seal) {
    const auto expected = former_ ? former_->sequence + 1 : 1;
    const bool linked = seal.sequence == expected;
    if (!linked) {
      add({.flaw = Flaw::seal_gone,
           .seal = expected,
           .message = fmt::format("the seals {} to {} are gone", expected, seal.sequence - 1)});
    }
    const auto marks = read_marks(seal);
    const auto begin = linked ? former_last() : std::max(former_last(), seal.first_id - 1);
    if (!marks || seal.first_id <= former_last()) {
      add_seal(seal, "holds what no seal holds");
      count_lines(tx, begin, seal.last_id);
      return;
    }
    const auto flaws_before = result_.flaws;
    const auto commitments = compare_lines(tx, begin, seal, *marks);
    if (result_.flaws > flaws_before) return;  // its own digest cannot fit any more
    const auto former = former_ ? std::string_view(former_->digest) : std::string_view();
    if (linked && digest_of(key_, seal, former, commitments) != seal.digest) {
      add_seal(seal, "was changed, or the one before it was");
    }
  }

  /// Walks lines and marks side by side. Returns the commitments of the lines.
  std::string compare_lines(store::Transaction& tx, std::int64_t begin, const Seal& seal,
                            const std::vector<LineMark>& marks) {
    std::string commitments;
    auto mark = marks.begin();
    auto rows = tx.query(sql::lines_between, begin, seal.last_id);
    while (rows.next()) {
      const auto id = rows.integer(0);
      ++result_.lines;
      for (; mark != marks.end() && mark->id < id; ++mark) add_missing(mark->id, seal);
      if (mark == marks.end() || mark->id != id) {
        add({.flaw = Flaw::inserted,
             .line = id,
             .seal = seal.sequence,
             .message =
                 fmt::format("line {} was put in after seal {} was made", id, seal.sequence)});
        continue;
      }
      compare_line(rows, *mark++, seal, commitments);
    }
    for (; mark != marks.end(); ++mark) add_missing(mark->id, seal);
    return commitments;
  }

  void compare_line(const store::Rows& rows, const LineMark& mark, const Seal& seal,
                    std::string& commitments) {
    const auto row = try_read_row(rows);
    const auto commitment = row ? commit_to(key_, *row) : std::string();
    if (!row || !is_mark_of(mark, commitment)) {
      add({.flaw = Flaw::edited,
           .line = mark.id,
           .seal = seal.sequence,
           .message = fmt::format("line {} is not as it was sealed on {}", mark.id,
                                  base::to_rfc3339(seal.sealed_at))});
      return;
    }
    ++fitting_;
    commitments.append(commitment);
    if (row->address.is_forgotten() || row->detail.is_forgotten()) ++result_.forgotten;
    if (auto restoration = read_restoration(key_, *row)) {
      result_.restorations.push_back(*std::move(restoration));
    }
  }

  void count_lines(store::Transaction& tx, std::int64_t begin, std::int64_t last_id) {
    auto rows = tx.query(sql::lines_between, begin, last_id);
    while (rows.next()) ++result_.lines;
  }

  void look_at_unsealed(base::Time now) {
    store_.read([&](store::Transaction& tx) {
      const auto last = find_last_seal(tx);
      const auto last_id = last ? last->last_id : 0;
      auto rows = tx.query(sql::count_after, last_id);
      rows.next();
      result_.unsealed = rows.integer(0);
      if (result_.unsealed == 0) return;
      if (const auto oldest = rows.time(1); now - oldest > overdue_after) {
        add({.flaw = Flaw::unsealed,
             .line = last_id + 1,
             .message = fmt::format("{} lines after line {} are not sealed, the oldest from {}",
                                    result_.unsealed, last_id, base::to_rfc3339(oldest))});
      }
    });
  }

  void tell_wrong_key() {
    result_.flaws = 0;
    result_.findings.clear();
    add({.flaw = Flaw::wrong_key,
         .message = "no line fits its seal: the chain was made with another master key"});
  }

  void compare(const AuditHead& exported) {
    const auto seal =
        store_.read([&](store::Transaction& tx) { return find_seal(tx, exported.sequence); });
    if (seal && AuditHead::of(*seal) == exported) return;
    const auto explains = [&](const Restoration& one) { return one.explains(exported); };
    if (const auto found = std::ranges::find_if(result_.restorations, explains);
        found != result_.restorations.end()) {
      result_.explained_by = *found;
      return;
    }
    if (seal) {
      add({.flaw = Flaw::other_chain,
           .seal = exported.sequence,
           .message = fmt::format("seal {} is another than the one that was exported: what came "
                                  "after an earlier seal was replaced",
                                  exported.sequence)});
      return;
    }
    add({.flaw = Flaw::cut_tail,
         .line = exported.last_id,
         .seal = exported.sequence,
         .message = fmt::format("the chain ends at seal {}, but seal {} up to line {} was exported "
                                "on {}: its end was cut off",
                                former_ ? former_->sequence : 0, exported.sequence,
                                exported.last_id, base::to_rfc3339(exported.sealed_at))});
  }

  /// Ids begin at 1, but who puts lines in need not know.
  std::int64_t former_last() const {
    return former_ ? former_->last_id : std::numeric_limits<std::int64_t>::min();
  }

  void add_missing(std::int64_t id, const Seal& seal) {
    add({.flaw = Flaw::missing,
         .line = id,
         .seal = seal.sequence,
         .message =
             fmt::format("line {}, sealed on {}, is gone", id, base::to_rfc3339(seal.sealed_at))});
  }

  void add_seal(const Seal& seal, std::string_view what) {
    add({.flaw = Flaw::seal,
         .seal = seal.sequence,
         .message = fmt::format("seal {} (lines {} to {}) {}", seal.sequence, seal.first_id,
                                seal.last_id, what)});
  }

  void add(Finding finding) {
    ++result_.flaws;
    if (result_.findings.size() < most_findings) result_.findings.push_back(std::move(finding));
  }

  store::Store& store_;
  const base::Secret& key_;
  const VerifyProgress& progress_;
  std::optional<Seal> former_;
  std::int64_t fitting_ = 0;
  Verification result_;
};

}  // namespace

std::string_view to_string(Flaw flaw) {
  switch (flaw) {
    case Flaw::edited:
      return "edited";
    case Flaw::missing:
      return "missing";
    case Flaw::inserted:
      return "inserted";
    case Flaw::seal:
      return "seal_forged";
    case Flaw::seal_gone:
      return "seal_missing";
    case Flaw::cut_tail:
      return "cut_tail";
    case Flaw::other_chain:
      return "other_chain";
    case Flaw::unsealed:
      return "unsealed";
    case Flaw::wrong_key:
      return "wrong_key";
  }
  throw std::logic_error("no such flaw of an audit log");
}

Verification verify_audit(store::Store& store, const base::Secret& key,
                          const std::optional<AuditHead>& exported, base::Time now,
                          const VerifyProgress& progress) {
  return Verifier(store, key, progress).run(exported, now);
}

}  // namespace vestibule::events
