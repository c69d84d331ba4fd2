# cmake -DOUTPUT=file.cpp "-DMIGRATIONS=a.sql;b.sql" -P embed.cmake
# Turns NNNN_name.sql files into one C++ file. Arrays of characters rather than string literals:
# those end at 64 KiB for a pedantic compiler, and SQL then needs no escaping.
set(arrays "")
set(entries "")
foreach(file IN LISTS MIGRATIONS)
  get_filename_component(stem "${file}" NAME_WE)
  if(NOT stem MATCHES "^0*([1-9][0-9]*)_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is called NNNN_name.sql")
  endif()
  set(version "${CMAKE_MATCH_1}")
  set(name "${CMAKE_MATCH_2}")
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," characters "${hex}")
  string(REPLACE "'\\x0a'," "'\\x0a',\n    " characters "${characters}")
  string(APPEND arrays "constexpr char sql_${version}[] = {\n    ${characters}};\n")
  string(APPEND entries
         "    Migration{${version}, \"${name}\","
         " std::string_view(sql_${version}, sizeof sql_${version})},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by store/migrations/embed.cmake from the .sql files beside it.
#include <array>

#include \"store/migrations.hpp\"

namespace skerry::store {
namespace {

${arrays}
constexpr std::array migrations{
${entries}};

}  // namespace

std::span<const Migration> all_migrations() { return migrations; }

}  // namespace skerry::store
")
