#include "daemon/terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "core/json_text.hpp"
#include "core/text.hpp"

namespace skerry::daemon {
namespace {

bool colour_wanted() {
  const char* off = std::getenv("NO_COLOR");
  return (off == nullptr || *off == '\0') && ::isatty(STDERR_FILENO) != 0;
}

// 0, or why not.
int write_line(std::FILE* file, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
                       std::fputc('\n', file) != EOF && std::fflush(file) == 0;
  return written ? 0 : errno;
}

// What is no UTF-8, as a file on a medium may be named, becomes U+FFFD, byte by byte.
std::string well_formed(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t size = 1;
    while (size <= 4 && !is_utf8(text.substr(0, size))) ++size;
    const bool found = size <= 4;
    out += found ? text.substr(0, size) : std::string_view("\xef\xbf\xbd");
    text.remove_prefix(found ? std::min(size, text.size()) : 1);
  }
  return out;
}

json::object to_json(const Error& error) {
  json::array errors;
  for (const FieldError& one : error.errors)
    errors.push_back({{"pointer", one.pointer}, {"code", one.code}, {"detail", one.detail}});
  const ErrcInfo& entry = info(error.code);
  return {{"code", entry.slug},          {"title", entry.title},
          {"detail", error.detail},      {"next", error.next},
          {"errors", std::move(errors)}, {"exit", static_cast<int>(entry.exit)}};
}

// A single complaint is often all that the detail says, with its place before it or without.
bool says(std::string_view text, const FieldError& one) {
  const std::size_t slash = one.pointer.starts_with('/') ? 1 : 0;
  const std::string place = one.pointer.substr(slash);
  return text == one.detail ||
         text.find(fmt::format("{} {}", place, one.detail)) != std::string_view::npos;
}

}  // namespace

Terminal::Terminal(bool json_output)
    : json_(json_output),
      can_ask_(::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0),
      colour_(colour_wanted()) {}

void Terminal::document(const json::value& value) {
  if (json_) write_out(well_formed(to_json_text(value)));
}

void Terminal::next(std::string_view step) {
  if (!step.empty()) line("Next: {}", step);
}

void Terminal::error(const Error& error) {
  std::string text(error.detail.empty() ? info(error.code).title : std::string_view(error.detail));
  std::vector<std::string> complaints;
  for (const FieldError& one : error.errors)
    complaints.push_back(one.detail.find(one.pointer) != std::string::npos
                             ? one.detail
                             : fmt::format("{}: {}", one.pointer, one.detail));
  if (error.errors.size() == 1 && says(text, error.errors[0])) {
    if (text == error.errors[0].detail) text = complaints[0];
    complaints.clear();
  }
  write_talk(fmt::format("{}skerry:{} {}", colour_ ? "\x1b[31m" : "", colour_ ? "\x1b[0m" : "",
                         clean(text)));
  for (const std::string& one : complaints) write_talk(fmt::format("  {}", clean(one)));
  if (!error.next.empty()) write_talk(fmt::format("Next: {}", clean(error.next)));
  document({{"error", to_json(error)}});
}

Result<void> Terminal::check_written() const {
  if (lost_ == 0 || lost_ == EPIPE) return {};
  return fail(
      lost_ == ENOSPC || lost_ == EDQUOT || lost_ == EFBIG ? Errc::storage_full : Errc::io_failed,
      fmt::format("the result could not be written: {}", std::generic_category().message(lost_)),
      "what was to be done is done; ask again for the result, where there is room for it. What is "
      "shown only once, as a token is, is lost: revoke it and make another");
}

std::optional<std::string> Terminal::ask(std::string_view question) {
  std::fwrite(question.data(), 1, question.size(), stderr);
  std::fputc(' ', stderr);
  std::fflush(stderr);
  std::string answer;
  if (!std::getline(std::cin, answer)) return std::nullopt;
  return answer;
}

std::string Terminal::name(std::string_view text) {
  std::string out = clean(text);
  std::replace(out.begin(), out.end(), '\n', '?');
  return out;
}

std::string Terminal::clean(std::string_view text) {
  std::string out = well_formed(text);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }, '?');
  return out;
}

void Terminal::write_result(std::string_view text) { write_out(clean(text)); }
void Terminal::write_out(std::string_view line) {
  if (const int error = write_line(stdout, line); error != 0) lost_ = error;
}
void Terminal::write_talk(std::string_view text) { write_line(stderr, text); }

Progress::Progress(Terminal& terminal, std::string_view what)
    : terminal_(terminal),
      what_(Terminal::name(what)),
      started_(Clock::now()),
      said_(started_),
      in_place_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (in_place_ && shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::at(std::uint64_t done, std::uint64_t total) {
  const auto now = Clock::now();
  const auto every = in_place_ ? std::chrono::milliseconds(500) : std::chrono::seconds(10);
  if (now - said_ < every) return;
  said_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(done) / seconds;
  std::string text = done + total > 0 ? fmt::format("{}: {}", what_, sized(done)) : what_;
  if (total > done && rate > 0)
    text += fmt::format(" of {}, {:.0f} s left", sized(total),
                        static_cast<double>(total - done) / rate);
  text += "; safe to interrupt";
  if (!in_place_) return terminal_.talk("{}", text);
  shown_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
  std::fflush(stderr);
}

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string sized(std::uint64_t bytes) {
  constexpr double step = 1024;
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / step);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / step / step);
}

}  // namespace skerry::daemon
