#include "store/sqlite/search_index.hpp"

#include <array>
#include <sqlite3.h>

#include "core/check.hpp"
#include "store/sqlite/search_queue.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace skerry::store::search_index {
namespace {

void add(Connection& connection, std::string_view kind_table, std::int64_t rowid, bool is_removal,
         std::string_view text) {
  SKERRY_CHECK(kind_table.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
               std::string_view::npos);
  connection.search_queue().add(
      connection, SearchChange{std::string(kind_table), rowid, is_removal, std::string(text)});
}

// FTS5's own tokenizer, reached through a database in memory that stays open for it: what is a word
// is decided in one place.
class Tokenizers {
 public:
  static const Tokenizers& instance() {
    static const Tokenizers tokenizers;
    return tokenizers;
  }

  // Each call has a tokenizer of its own, since one is not for two threads at a time.
  void tokenize(std::string_view text, void* context,
                int (*token)(void*, int, const char*, int, int, int)) const {
    std::array<const char*, 2> arguments{"remove_diacritics", "2"};
    Fts5Tokenizer* tokenizer = nullptr;
    check_sqlite(nullptr,
                 methods_.xCreate(user_data_, arguments.data(), arguments.size(), &tokenizer),
                 "make a tokenizer");
    // Stops early with SQLITE_DONE when `token` has enough.
    const int code = methods_.xTokenize(tokenizer, context, FTS5_TOKENIZE_QUERY, text.data(),
                                        static_cast<int>(text.size()), token);
    methods_.xDelete(tokenizer);
    if (code != SQLITE_DONE) check_sqlite(nullptr, code, "tokenize a search");
  }

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

struct Expression {
  std::string text;
  std::size_t words = 0;
};

int append_word(void* context, int, const char* word, int length, int, int) {
  auto& expression = *static_cast<Expression*>(context);
  if (expression.words++ > 0) expression.text += ' ';
  // A word of the tokenizer holds letters and digits only, so there is no quote to escape.
  expression.text += '"';
  expression.text.append(word, static_cast<std::size_t>(length));
  expression.text += length > 1 ? "\"*" : "\"";
  return expression.words == words_max ? SQLITE_DONE : SQLITE_OK;
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

std::optional<std::string> match_expression(std::string_view user_query) {
  Expression expression;
  Tokenizers::instance().tokenize(user_query, &expression, append_word);
  if (expression.words == 0) return std::nullopt;
  return std::move(expression.text);
}

}  // namespace skerry::store::search_index
