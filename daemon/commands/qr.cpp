#include "daemon/commands/qr.hpp"

#include <filesystem>
#include <fmt/format.h>

#include "core/strict_json.hpp"
#include "crypto/file.hpp"
#include "daemon/daemon_client.hpp"
#include "daemon/qr_code.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr unsigned private_mode = 0600;  // a request holds the activation code

std::string drawn(const QrCode& code, std::string_view form) {
  return form == "svg" ? qr_svg(code) : form == "png" ? qr_png(code) : qr_text(code);
}

// answer.png, of several answer-1.png, …
std::string name_of(const std::string& out, std::size_t number, std::size_t parts) {
  if (parts == 1) return out;
  const std::filesystem::path path(out);
  const std::string name =
      fmt::format("{}-{}{}", path.stem().string(), number, path.extension().string());
  return (path.parent_path() / name).string();
}

}  // namespace

Result<Exit> run_offline_qr(Terminal& terminal, const QrWish& wish) {
  if (wish.form == "png" && wish.out.empty())
    return fail(Errc::usage, "a PNG is no text for a terminal", "--out FILE");
  SKERRY_TRY(const Bytes bytes,
             crypto::read_small_file(wish.file, file_bytes_max).map_error(as_input));
  SKERRY_TRY(const std::vector<std::string> parts, qr_parts(as_text(bytes)));
  json::array shown;  // the files, or the codes themselves
  for (const std::string& part : parts) {
    SKERRY_TRY(const QrCode code, make_qr_code(part));
    const std::string picture = drawn(code, wish.form);
    if (wish.out.empty()) {
      terminal.line("{}", std::string_view(picture).substr(0, picture.size() - 1));
      shown.push_back(json::string(picture));
      continue;
    }
    const std::string file = name_of(wish.out, shown.size() + 1, parts.size());
    SKERRY_TRY_VOID(crypto::create_file_atomically(file, as_bytes(picture), private_mode));
    terminal.line("{} shows {} of the {} bytes of {}", file, part.size(), bytes.size(), wish.file);
    shown.push_back(json::string(file));
  }
  terminal.document(
      {{"bytes", bytes.size()}, {wish.out.empty() ? "codes" : "files", std::move(shown)}});
  if (parts.size() > 1)
    terminal.next("scan all of them, in any order, a line for each: skerry offline join FILE");
  return Exit::ok;
}

Result<std::string> read_scanned(const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& file : files) {
    SKERRY_TRY(const Bytes bytes,
               crypto::read_small_file(file, file_bytes_max).map_error(as_input));
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += as_text(bytes);
  }
  SKERRY_TRY(std::string joined, join_qr_parts(text));
  if (files.size() > 1 && joined == text)
    return fail(Errc::bad_input, "these files are no parts of one: a part begins as in 1/2:",
                "name the one file, or all that were read of its codes");
  return joined;
}

Result<Exit> run_offline_join(Terminal& terminal, const JoinWish& wish) {
  SKERRY_TRY(std::string text, read_scanned(wish.files));
  if (text.ends_with('\n')) text.pop_back();  // the reader's: an answer is to these very bytes
  if (const auto read = parse_json_object(text); !read)
    return fail(Errc::bad_input,
                "what was read is no request and no answer: " + read.error().detail,
                "scan all codes again");
  SKERRY_TRY_VOID(wish.dry_run
                      ? crypto::check_new_file(wish.out)
                      : crypto::create_file_atomically(wish.out, as_bytes(text), private_mode));
  terminal.document({{"file", wish.out}, {"bytes", text.size()}});
  terminal.line("{} {} {} bytes", wish.out, wish.dry_run ? "would have" : "has", text.size());
  return Exit::ok;
}

}  // namespace skerry::daemon
