#include "store/csv_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <csv.h>
#include <exception>
#include <fmt/format.h>
#include <map>
#include <new>
#include <unistd.h>

#include "core/bytes.hpp"
#include "core/text.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;

// By the first line that is not blank. The delimiter is what stands most often outside its quotes;
// a comma when none does.
CsvForm form_of(std::string_view start) {
  CsvForm form;
  form.has_byte_order_mark = start.starts_with(byte_order_mark);
  if (form.has_byte_order_mark) start.remove_prefix(byte_order_mark.size());
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
  bool quoted = false;
  bool blank = true;
  for (; !start.empty(); start.remove_prefix(1)) {
    const char c = start.front();
    const bool line_end = !quoted && (c == '\n' || c == '\r');
    if (line_end && !blank) break;
    blank &= line_end;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    commas += c == ',';
    semicolons += c == ';';
    tabs += c == '\t';
  }
  if (semicolons > commas && semicolons >= tabs)
    form.delimiter = ';';
  else if (tabs > commas)
    form.delimiter = '\t';
  if (start.starts_with('\r')) form.line_end = start.starts_with("\r\n") ? "\r\n" : "\r";
  return form;
}

bool is_utf16(std::string_view start) {
  return start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff");
}

// As our own exports in NDJSON begin, and no header can.
bool is_json(std::string_view start) { return start.starts_with("{\""); }

// One reading of one file. libcsv calls back into it from C, which must not see an exception: the
// first one is kept and thrown again outside.
class Reading {
  static constexpr unsigned char options = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL;

 public:
  Reading(const CsvLimits& limits, CsvSink& sink) : limits_(limits), sink_(sink) {
    csv_init(&parser_, options);
    csv_set_blk_size(&parser_, 4096);
  }
  ~Reading() { csv_free(&parser_); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  void set_delimiter(char delimiter) {
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  }

  // False when nothing more is to be read.
  bool feed(std::string_view bytes) {
    for (;;) {
      const std::size_t done =
          csv_parse(&parser_, bytes.data(), bytes.size(), on_field, on_row, this);
      rethrow();
      if (ended_) return false;
      if (done == bytes.size()) break;
      stray_quote();
      if (ended_) return false;
      bytes.remove_prefix(done);
    }
    cut_cell();
    return true;
  }

  void finish() {
    const int failed = csv_fini(&parser_, on_field, on_row, this);
    rethrow();
    if (ended_) return;
    if (failed != 0)
      return refuse_parse("unclosed_quote",
                          "begins with a quote that is not closed before the end of the file");
    if (header_.empty()) end({0, {}, "empty_file", "the file holds no header and no rows"});
  }

  void end(TableError error) {
    ended_ = true;
    sink_.error(std::move(error));
  }

 private:
  static void on_field(void* bytes, std::size_t size, void* self) {
    auto& reading = *static_cast<Reading*>(self);
    reading.guard([&] { reading.field({static_cast<const char*>(bytes), size}); });
  }
  static void on_row(int terminator, void* self) {
    auto& reading = *static_cast<Reading*>(self);
    reading.guard([&] { reading.line_end(terminator); });
  }

  template <class Work>
  void guard(Work work) noexcept {
    if (ended_) return;
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
      ended_ = true;
    }
  }
  void rethrow() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (csv_error(&parser_) == CSV_ENOMEM) throw std::bad_alloc();
  }

  // In a cell that does not begin with one, a quote says nothing of where the cell ends: the row is
  // refused, and those behind it are read. Inside of quotes the structure is in doubt.
  void stray_quote() {
    TableError error{row_, column_name(), "stray_quote",
                     "holds a quote that is neither around the whole cell nor doubled"};
    if (parser_.quoted != 0) return end(std::move(error));
    if (good_ || header_.empty()) refuse_row(std::move(error));
    csv_set_opts(&parser_, options & ~CSV_STRICT);
  }

  // Those behind it are read, unless it is the header.
  void refuse_row(TableError error) {
    if (header_.empty()) return end(std::move(error));
    good_ = false;
    sink_.error(std::move(error));
  }

  // What is kept of a cell that is too long: more than it may have, and its last character whole.
  std::size_t kept_bytes_max() const { return limits_.cell_bytes_max + 4; }

  // Of a cell that is too long the beginning is enough, but libcsv has to find its end: it goes on
  // behind one byte more, since it takes off a closing quote, and behind one blank of many.
  void cut_cell() {
    if (parser_.entry_pos <= kept_bytes_max() + 2) return;
    parser_.spaces = std::min<std::size_t>(parser_.spaces, 1);
    parser_.entry_pos = kept_bytes_max() + 1 + parser_.spaces;
  }

  // Still too long: what is put aside and not mended is refused again, not taken for the whole.
  std::string_view beginning_of(std::string_view cell) const {
    std::size_t size = limits_.cell_bytes_max + 1;
    while (size < std::min(cell.size(), kept_bytes_max()) && (cell[size] & 0xc0) == 0x80) ++size;
    return cell.substr(0, size);
  }

  void field(std::string_view cell) {
    after_return_ = false;
    if (row_is_cut_) return;
    if (cell.size() > limits_.cell_bytes_max) {
      refuse_row(
          {row_, column_name(), "cell_too_long",
           fmt::format("holds more than {} bytes; is a quote missing?", limits_.cell_bytes_max)});
      cell = beginning_of(cell);
    }
    const std::size_t delimiters = ends_.size();
    if (row_text_.size() + delimiters + cell.size() > limits_.row_bytes_max) {
      row_is_cut_ = true;
      return refuse_row({row_,
                         {},
                         "row_too_long",
                         fmt::format("the row holds more than {} bytes", limits_.row_bytes_max)});
    }
    if (header_.empty() && ends_.size() == limits_.columns_max)
      return end({row_,
                  {},
                  "too_many_columns",
                  fmt::format("the header has more than {} columns", limits_.columns_max)});
    row_text_.append(cell);
    ends_.push_back(row_text_.size());
  }

  void line_end(int terminator) {
    const bool second_half = ends_.empty() && after_return_ && terminator == '\n';  // of CR LF
    after_return_ = terminator == '\r';
    if (second_half) return;
    if (!is_blank_line() && !is_delimiter_line()) {
      if (header_.empty())
        take_header();
      else
        take_row();
    }
    if (!good_) csv_set_opts(&parser_, options);
    good_ = true;
    row_is_cut_ = false;
    ++row_;
    row_text_.clear();
    ends_.clear();
  }

  bool is_blank_line() const { return ends_.empty() || (ends_.size() == 1 && row_text_.empty()); }

  // Excel's "sep=;" before the header: by it the delimiter is known already.
  bool is_delimiter_line() const {
    return header_.empty() && ends_.size() == 2 && ascii_lower(cell(0)) == "sep=" &&
           cell(1).empty();
  }

  std::string_view cell(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(row_text_).substr(begin, ends_[index] - begin);
  }

  void take_header() {
    bool good = true;
    std::map<std::string, std::size_t> seen;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      const std::string_view name = trim_blanks(cell(i));
      const auto complain = [&](std::string_view code, std::string detail) {
        good = false;
        sink_.error({row_, fmt::format("column {}", i + 1), std::string(code), std::move(detail)});
      };
      if (check_text(name, complain)) {
        if (name.empty())
          complain("empty_header", "has no name");
        else if (const auto [at, fresh] = seen.emplace(ascii_lower(name), i + 1); !fresh)
          complain("duplicate_header",
                   fmt::format("has the name {}, as column {} has", name, at->second));
      }
      names.emplace_back(name);
    }
    header_ = std::move(names);
    if (!good || !sink_.header(header_)) ended_ = true;
  }

  void take_row() {
    if (++data_rows_ > limits_.rows_max)
      return end({row_,
                  {},
                  "too_many_rows",
                  fmt::format("the file holds more than {} rows; split it", limits_.rows_max)});
    cells_.clear();
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      cells_.push_back(cell(i));
      if (i >= header_.size() || cells_.back().size() > limits_.cell_bytes_max) continue;
      const auto complain = [&](std::string_view code, std::string detail) {
        sink_.error({row_, header_[i], std::string(code), std::move(detail)});
      };
      good_ &= check_text(cells_.back(), complain);
    }
    if (ends_.size() != header_.size() && !row_is_cut_) {
      good_ = false;
      sink_.error({row_,
                   {},
                   "ragged_row",
                   fmt::format("{}{} {}, the header has {}", ragged_row_begins, ends_.size(),
                               ends_.size() == 1 ? "field" : "fields", header_.size())});
    }
    if (!good_) return sink_.refused_row(row_, cells_);
    if (!sink_.row(row_, cells_)) ended_ = true;
  }

  template <class Complain>
  static bool check_text(std::string_view text, const Complain& complain) {
    if (text.find('\0') != std::string_view::npos) {
      complain("nul_byte", "holds a NUL byte");
      return false;
    }
    if (!is_utf8(text)) {
      complain("not_utf8", "is not UTF-8; save the file as UTF-8");
      return false;
    }
    return true;
  }

  void refuse_parse(std::string_view code, std::string_view detail) {
    end({row_, column_name(), std::string(code), std::string(detail)});
  }

  // Of the cell that is being read.
  std::string column_name() const {
    return ends_.size() < header_.size() ? header_[ends_.size()]
                                         : fmt::format("column {}", ends_.size() + 1);
  }

  const CsvLimits& limits_;
  CsvSink& sink_;
  csv_parser parser_;
  std::vector<std::string> header_;
  std::string row_text_;           // the cells of the row, one after the other
  std::vector<std::size_t> ends_;  // where in row_text_ each ends
  std::vector<std::string_view> cells_;
  std::int64_t row_ = 1;
  std::int64_t data_rows_ = 0;
  bool good_ = true;         // the row has no error so far
  bool row_is_cut_ = false;  // it is too long: the rest of its cells is not kept
  bool after_return_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;
};

// As much as `buffer` holds, less only at the end of the file.
Result<std::size_t> read_at(int file, std::int64_t offset, std::span<char> buffer) {
  std::size_t have = 0;
  while (have < buffer.size()) {
    const ::ssize_t got = ::pread(file, buffer.data() + have, buffer.size() - have,
                                  static_cast<::off_t>(offset) + static_cast<::off_t>(have));
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(Errc::io_failed, fmt::format("reading the file: {}", std::strerror(errno)));
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace

Result<void> read_csv(int file, const CsvLimits& limits, CsvSink& sink) {
  Reading reading(limits, sink);
  std::vector<char> buffer(chunk_bytes);
  for (std::int64_t offset = 0;;) {
    SKERRY_TRY(const std::size_t have, read_at(file, offset, buffer));
    std::string_view bytes(buffer.data(), have);
    if (offset == 0) {
      if (is_utf16(bytes)) {
        reading.end({0, {}, "not_utf8", "the file is UTF-16; save it as CSV in UTF-8"});
        return {};
      }
      if (is_json(bytes)) {
        reading.end({0, {}, "not_csv", "the file is JSON; an import takes CSV"});
        return {};
      }
      const CsvForm form = form_of(bytes);
      if (form.has_byte_order_mark) bytes.remove_prefix(byte_order_mark.size());
      reading.set_delimiter(form.delimiter);
      sink.form(form);
    }
    if (!reading.feed(bytes)) return {};
    offset += static_cast<std::int64_t>(have);
    sink.bytes_read(offset);
    if (have < buffer.size()) break;
  }
  reading.finish();
  return {};
}

}  // namespace skerry::store
