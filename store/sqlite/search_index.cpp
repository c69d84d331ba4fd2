#include "store/sqlite/search_index.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>

#include "core/check.hpp"
#include "store/sqlite/deferred.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace skerry::store::search_index {
namespace {

// Letters that the tokenizer does not take apart into a plain one and a mark, and what people type
// who have not got them.
struct Folding {
  std::string_view letter, plain;
};
constexpr std::array foldings{
    Folding{"ß", "ss"}, Folding{"ẞ", "ss"}, Folding{"ſ", "s"},  Folding{"Æ", "ae"},
    Folding{"æ", "ae"}, Folding{"Ǽ", "ae"}, Folding{"ǽ", "ae"}, Folding{"Œ", "oe"},
    Folding{"œ", "oe"}, Folding{"Ø", "o"},  Folding{"ø", "o"},  Folding{"Ǿ", "o"},
    Folding{"ǿ", "o"},  Folding{"Đ", "d"},  Folding{"đ", "d"},  Folding{"Ð", "d"},
    Folding{"ð", "d"},  Folding{"Þ", "th"}, Folding{"þ", "th"}, Folding{"Ħ", "h"},
    Folding{"ħ", "h"},  Folding{"İ", "i"},  Folding{"ı", "i"},  Folding{"Ł", "l"},
    Folding{"ł", "l"},  Folding{"ς", "σ"},  Folding{"Ά", "α"},  Folding{"ά", "α"},
    Folding{"Έ", "ε"},  Folding{"έ", "ε"},  Folding{"Ή", "η"},  Folding{"ή", "η"},
    Folding{"Ί", "ι"},  Folding{"ί", "ι"},  Folding{"Ϊ", "ι"},  Folding{"ϊ", "ι"},
    Folding{"ΐ", "ι"},  Folding{"Ό", "ο"},  Folding{"ό", "ο"},  Folding{"Ύ", "υ"},
    Folding{"ύ", "υ"},  Folding{"Ϋ", "υ"},  Folding{"ϋ", "υ"},  Folding{"ΰ", "υ"},
    Folding{"Ώ", "ω"},  Folding{"ώ", "ω"},  Folding{"Ё", "е"},  Folding{"ё", "е"},
};

// The text with plain letters; itself when it has none of the others, otherwise in `buffer`.
std::string_view fold(std::string_view text, std::string& buffer) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
  buffer.clear();
  while (!text.empty()) {
    const auto found =
        is_ascii(text.front())
            ? foldings.end()
            : std::find_if(foldings.begin(), foldings.end(),
                           [&](const Folding& each) { return text.starts_with(each.letter); });
    if (found == foldings.end()) {
      buffer += text.front();
      text.remove_prefix(1);
    } else {
      buffer += found->plain;
      text.remove_prefix(found->letter.size());
    }
  }
  return buffer;
}

void add(Connection& connection, std::string_view kind_table, std::int64_t rowid, bool is_removal,
         std::string_view text) {
  SKERRY_CHECK(kind_table.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
               std::string_view::npos);
  std::string buffer;
  connection.deferred().search.add(
      connection,
      SearchChange{std::string(kind_table), rowid, is_removal, std::string(fold(text, buffer))});
}

// FTS5's own tokenizer, reached through a database in memory that stays open for it: what is a word
// is decided in one place.
class Tokenizers {
 public:
  static const Tokenizers& instance() {
    static const Tokenizers tokenizers;
    return tokenizers;
  }

  Fts5Tokenizer* make() const {
    std::array<const char*, 2> arguments{"remove_diacritics", "2"};
    Fts5Tokenizer* tokenizer = nullptr;
    check_sqlite(nullptr,
                 methods_.xCreate(user_data_, arguments.data(), arguments.size(), &tokenizer),
                 "make a tokenizer");
    return tokenizer;
  }
  const fts5_tokenizer& methods() const { return methods_; }

 private:
  Tokenizers() {
    check_sqlite(nullptr, sqlite3_open(":memory:", &handle_), "open the tokenizer");
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    check_sqlite(handle_, sqlite3_prepare_v2(handle_, "SELECT fts5(?)", -1, &statement, nullptr),
                 "find FTS5");
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    SKERRY_CHECK(api != nullptr);
    check_sqlite(nullptr, api->xFindTokenizer(api, "unicode61", &user_data_, &methods_),
                 "find the tokenizer");
  }
  ~Tokenizers() { sqlite3_close(handle_); }

  sqlite3* handle_ = nullptr;
  void* user_data_ = nullptr;
  fts5_tokenizer methods_{};
};

using Token = int (*)(void*, int, const char*, int, int, int);

// Stops early, and well, with SQLITE_DONE when `token` has enough.
void tokenize(Fts5Tokenizer* tokenizer, std::string_view text, void* context, Token token) {
  std::string buffer;
  text = fold(text, buffer);
  const int code =
      Tokenizers::instance().methods().xTokenize(tokenizer, context, FTS5_TOKENIZE_DOCUMENT,
                                                 text.data(), static_cast<int>(text.size()), token);
  if (code != SQLITE_DONE) check_sqlite(nullptr, code, "cut a text into words");
}

int add_word(void* context, int, const char* data, int length, int, int) {
  auto& words = *static_cast<std::vector<std::string>*>(context);
  const std::string_view word(data, static_cast<std::size_t>(length));
  if (std::find(words.begin(), words.end(), word) == words.end()) words.emplace_back(word);
  return words.size() == words_max ? SQLITE_DONE : SQLITE_OK;
}

}  // namespace

void insert(Connection& connection, std::string_view kind_table, std::int64_t rowid,
            std::string_view text) {
  add(connection, kind_table, rowid, false, text);
}

void remove(Connection& connection, std::string_view kind_table, std::int64_t rowid,
            std::string_view old_text) {
  add(connection, kind_table, rowid, true, old_text);
}

std::vector<std::string> words_of(std::string_view user_query) {
  std::vector<std::string> words;
  WordMatch::Cutter cutter;
  tokenize(cutter.tokenizer, user_query, &words, add_word);
  return words;
}

std::string plain_text(std::string_view text) {
  std::string plain;
  WordMatch::Cutter cutter;
  tokenize(cutter.tokenizer, text, &plain,
           [](void* context, int, const char* word, int length, int, int) {
             auto& words = *static_cast<std::string*>(context);
             if (!words.empty()) words += ' ';
             words.append(word, static_cast<std::size_t>(length));
             return SQLITE_OK;
           });
  return plain;
}

WordMatch::Cutter::Cutter() : tokenizer(Tokenizers::instance().make()) {}
WordMatch::Cutter::~Cutter() { Tokenizers::instance().methods().xDelete(tokenizer); }

WordMatch::WordMatch(std::vector<std::string> words, std::size_t lead)
    : words_(std::move(words)), lead_(lead) {
  SKERRY_CHECK(lead_ < words_.size() && words_.size() <= words_max);
}

std::optional<std::string_view> WordMatch::first_of_lead(std::string_view text) {
  begun_ = 0;
  first_.clear();
  tokenize(cutter_.tokenizer, text, this,
           [](void* self, int, const char* word, int length, int, int) {
             static_cast<WordMatch*>(self)->look_at({word, static_cast<std::size_t>(length)});
             return SQLITE_OK;
           });
  if (begun_ + 1 != 1u << words_.size()) return std::nullopt;
  return first_;
}

void WordMatch::look_at(std::string_view word) {
  for (std::size_t i = 0; i < words_.size(); ++i)
    if (word.starts_with(words_[i])) begun_ |= 1u << i;
  if (word.starts_with(words_[lead_]) && (first_.empty() || word < first_)) first_ = word;
}

}  // namespace skerry::store::search_index
