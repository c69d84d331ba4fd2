#!/usr/bin/env python3
"""Each check on small fixtures: what it must find, and what it must let pass."""

import tempfile
import unittest
from pathlib import Path

import asvs
import codes
import coroutines
import hazards
import layering
import rules
import tools
from sources import Source, blank, read_tree

ARCHITECTURE = """
## Layers
| Folder | May include |
|---|---|
| `core` | |
| `store` | `core` |
| `api` | `core`, `store` |
| `tests` | every folder |

## Third-party headers
| Headers | Folders |
|---|---|
| `sqlite3` | `store` |
| `CLI` | `api/cli.cpp` |
| `fmt` | everywhere |
| `gtest` | `tests` |
"""

# Uses every allowance of ARCHITECTURE once.
TREE = {
    "ARCHITECTURE.md": ARCHITECTURE,
    "core/a.cpp": "#include <fmt/format.h>\n#include <vector>\n#include <sys/stat.h>\n",
    "store/a.cpp": '#include "core/a.hpp"\n#include <sqlite3.h>\n',
    "api/cli.cpp": '#include <CLI/CLI.hpp>\n#include "core/a.hpp"\n#include "store/a.hpp"\n',
    "tests/unit/core/a_test.cpp": '#include <gtest/gtest.h>\n#include "core/a.hpp"\n',
}


def sources_of(files):
    return [Source(path, text) for path, text in files.items()]


def lines(findings):
    return [finding.line for finding in findings]


class Blanking(unittest.TestCase):
    def test_comments_and_literals_go_and_offsets_stay(self):
        text = 'a("x;{"); // co_await\nb(\'{\'); /* {\n */ c(1\'000);'
        code = blank(text)
        self.assertEqual(len(code), len(text))
        self.assertNotIn("co_await", code)
        self.assertNotIn("{", code)
        self.assertEqual(code.count("\n"), 2)

    def test_raw_strings(self):
        self.assertNotIn("{", blank('x(R"sql(a "{" b)sql");'))


class Includes(unittest.TestCase):
    def check(self, **changes):
        files = dict(TREE)
        files.update({key.replace("__", "/"): text for key, text in changes.items()})
        return layering.check_includes(sources_of(files))

    def with_file(self, path, text):
        return layering.check_includes(sources_of({**TREE, path: text}))

    def test_a_tree_that_obeys(self):
        self.assertEqual(self.check(), [])

    def test_upward_include(self):
        found = self.with_file("store/b.cpp", '\n#include "api/a.hpp"\n')
        self.assertEqual([(f.path, f.line) for f in found], [("store/b.cpp", 2)])
        self.assertIn("store may not include api", found[0].what)

    def test_a_unit_test_follows_the_folder_it_mirrors(self):
        path = "tests/unit/store/b_test.cpp"
        self.assertEqual(self.with_file(path, "#include <sqlite3.h>\n"), [])
        found = self.with_file(path, '#include "api/a.hpp"\n')
        self.assertEqual(len(found), 1)

    def test_every_folder(self):
        self.assertEqual(self.with_file("tests/fuzz/a.cpp", '#include "api/a.hpp"\n'), [])

    def test_include_not_from_the_root(self):
        found = self.with_file("store/b.cpp", '#include "b.hpp"\n')
        self.assertIn('"store/b.hpp"', found[0].remedy)

    def test_confined_header(self):
        self.assertEqual(len(self.with_file("api/b.cpp", "#include <sqlite3.h>\n")), 1)
        self.assertEqual(len(self.with_file("api/b.cpp", "#include <CLI/App.hpp>\n")), 1)

    def test_unknown_header(self):
        found = self.with_file("core/b.cpp", "#include <zlib.h>\n")
        self.assertIn("not in the table", found[0].what)

    def test_unused_layer(self):
        found = self.with_file("api/cli.cpp", '#include <CLI/CLI.hpp>\n#include "core/a.hpp"\n')
        self.assertEqual(lines(found), [7])
        self.assertIn("nobody in api uses store", found[0].what)

    def test_unused_header(self):
        found = self.with_file("core/a.cpp", "#include <vector>\n")
        self.assertIn("nobody in everywhere uses fmt", found[0].what)

    def test_a_test_does_not_count_as_use(self):
        files = {**TREE, "store/a.cpp": "#include <sqlite3.h>\n",
                 "tests/unit/store/a_test.cpp": '#include "core/a.hpp"\n'}
        self.assertEqual(len(layering.check_includes(sources_of(files))), 1)

    def test_an_empty_folder_is_not_asked(self):
        files = {key: text for key, text in TREE.items() if not key.startswith("api/")}
        self.assertEqual(layering.check_includes(sources_of(files)), [])

    def test_missing_tables(self):
        files = {**TREE, "ARCHITECTURE.md": "nothing"}
        self.assertEqual(len(layering.check_includes(sources_of(files))), 1)
        del files["ARCHITECTURE.md"]
        self.assertEqual(len(layering.check_includes(sources_of(files))), 1)


class Rules(unittest.TestCase):
    def test_file_length(self):
        self.assertEqual(rules.check_file_length(Source("a.cpp", "x;\n" * 400)), [])
        self.assertEqual(lines(rules.check_file_length(Source("a.cpp", "x;\n" * 401))), [401])
        self.assertEqual(rules.check_file_length(Source("a.md", "x\n" * 401)), [])

    def test_line_length_counts_characters(self):
        self.assertEqual(rules.check_line_length(Source("a.cpp", "é" * 100)), [])
        self.assertEqual(lines(rules.check_line_length(Source("a.cpp", "\n" + "x" * 101))), [2])

    def test_vague_names(self):
        for path in ("core/util.cpp", "common/a.hpp", "api/string_helpers.hpp", "a_manager.cpp"):
            self.assertEqual(len(rules.check_names(Source(path, ""))), 1, path)
        for path in ("core/utility_bill.cpp", "core/command.cpp"):
            self.assertEqual(rules.check_names(Source(path, "")), [], path)

    def test_unfinished(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X"):
            self.assertEqual(lines(rules.check_unfinished(Source("a.md", f"\n// {word}: x"))), [2])
        self.assertEqual(rules.check_unfinished(Source("a.cpp", '"/tmp/a-XXXXXX"')), [])

    def test_machine_paths(self):
        for folder in ("ro" + "ot", "ho" + "me", "wo" + "rk"):
            found = rules.check_machine_paths(Source("a.md", f"see /{folder}/x"))
            self.assertEqual(lines(found), [1], folder)
        self.assertEqual(rules.check_machine_paths(Source("a.md", "net/work/x /var/lib/x")), [])

    def test_pragma_once(self):
        self.assertEqual(rules.check_pragma_once(Source("a.hpp", "// x\n#pragma once\n")), [])
        self.assertEqual(len(rules.check_pragma_once(Source("a.hpp", "// #pragma once\n"))), 1)
        self.assertEqual(rules.check_pragma_once(Source("a.cpp", "")), [])

    def test_using_namespace(self):
        text = "// using namespace std\n\nusing namespace std;\n"
        self.assertEqual(lines(rules.check_using_namespace(Source("a.hpp", text))), [3])
        self.assertEqual(rules.check_using_namespace(Source("a.cpp", text)), [])

    def test_listed_in_cmake(self):
        files = {"store/CMakeLists.txt": "x(store SOURCES\n  a.cpp\n  sqlite/b.cpp)\n",
                 "store/a.cpp": "", "store/sqlite/b.cpp": "", "store/sqlite/a.cpp": ""}
        found = rules.check_listed_in_cmake(sources_of(files))
        self.assertEqual([f.path for f in found], ["store/sqlite/a.cpp"])


class Coroutines(unittest.TestCase):
    BAD = (
        "co_await f([&] { g(); });",
        "co_await f([x = 1]() mutable { g(); });",
        "auto r = co_await f(name, [&](int x) -> int { return x; });",
        "co_await f({1, 2});",
        "co_await f(Options{.size = 1});",
        "co_return co_await f(a ? b : c);",
        "const auto r =\n    co_await f(\n        Options{1});",
        "if (co_await f(a ? b : c)) { g(); }",
        "if (auto r = co_await f(Options{1}); !r) { g(); }",
        "for (auto& x : co_await f({1})) { g(x); }",
        "Result r{co_await f()};",
        "while (x) co_await f([&] { g(); });",
    )
    GOOD = (
        "co_await f(work);",
        "auto [a, b] = co_await f(list[0], a_map[key]);",
        "auto work = [&]() -> awaitable<void> { co_await f(work); };",
        "auto work = [&]() -> awaitable<Result<int>> { co_return co_await f(work); };",
        "spawn(executor, [x]() -> awaitable<void> { co_await f(x); });",
        "if (x) { co_await f(x); } else { co_await g(x); }",
        "if (auto r = co_await f(x); !r) { g({1}); }",
        "Options o{1}; co_await f(o); Options p{2};",
        "const auto y = a ? b : c; co_await f(y);",
        "for (int i = 0; i < 3; ++i) { co_await f(i); }",
        'co_await f("{?[&]{"); // co_await f({})',
        "switch (x) { case 1: { co_await f(x); break; } default: co_await g(x); }",
        "do { co_await f(x); } while (y);",
        "struct S { awaitable<void> f() const { co_await g(x); } int y{1}; };",
    )

    def check(self, body):
        text = "namespace n {\nawaitable<void> h(Options o) {\n" + body + "\n}\n}\n"
        return coroutines.check_await_statements(Source("a.cpp", text))

    def test_statements_to_refuse(self):
        for body in self.BAD:
            self.assertNotEqual(self.check(body), [], body)

    def test_statements_to_accept(self):
        for body in self.GOOD:
            self.assertEqual(self.check(body), [], body)

    def test_line(self):
        self.assertEqual(lines(self.check("f();\nco_await f({1});")), [4])

    def test_await_in_catch(self):
        def check(text):
            return lines(coroutines.check_await_in_catch(Source("a.cpp", text)))

        self.assertEqual(check("try { f(); } catch (const E& e) {\n co_await g();\n}"), [2])
        text = "try { co_await f(); } catch (...) { failed = true; }\nco_await g();"
        self.assertEqual(check(text), [])

    def test_detached(self):
        self.assertEqual(
            lines(coroutines.check_detached(Source("a.cpp", "\nf(x, asio::detached);"))), [2])
        self.assertEqual(coroutines.check_detached(Source("a.cpp", "// asio::detached\n")), [])


class Tools(unittest.TestCase):
    def in_folder(self, files, check):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            return check(read_tree(folder), folder)

    def test_read_tree_skips_what_is_built(self):
        files = {"a/b.cpp": "", "build/dev/c.cpp": "", "tests/fuzz/corpus/x/y.cpp": ""}
        found = self.in_folder(files, lambda sources, _: [s.path for s in sources])
        self.assertEqual(found, ["a/b.cpp"])

    def test_shellcheck(self):
        found = self.in_folder({"dev": "#!/usr/bin/env bash\n\necho $x\n"}, tools.check_shellcheck)
        if found is None:
            self.skipTest("shellcheck is not installed")
        self.assertIn(3, lines(found))

    def test_clang_format(self):
        files = {".clang-format": "BasedOnStyle: Google\n", "b.cpp": "int a;\n",
                 "a.cpp": "int a;\n\nint   b;\nint   c;\n"}
        found = self.in_folder(files, tools.check_clang_format)
        if found is None:
            self.skipTest("clang-format 14 is not installed")
        self.assertEqual([(f.path, f.line) for f in found], [("a.cpp", 3)])


class Hazards(unittest.TestCase):
    def found(self, *missing, cell="`a_test`", tests="TEST(A, H{}_Holds) {{}}\n"):
        rows = "".join(f"| H{n} | what | {cell} |\n" for n in hazards.HAZARDS)
        named = "".join(tests.format(n) for n in hazards.HAZARDS if n not in missing)
        tree = {hazards.PROMISES: rows, "tests/a_test.cpp": named}
        return hazards.check_hazards(sources_of(tree))

    def test_each_has_a_test_of_its_name(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(lines(self.found(1, 28)), [1, 28])

    def test_a_comment_is_no_test(self):
        self.assertEqual(len(self.found(tests="// H{}_Holds\n")), len(hazards.HAZARDS))

    def test_what_is_open_says_so_and_has_none(self):
        self.assertEqual(self.found(*hazards.HAZARDS, cell="open: nothing yet"), [])
        self.assertEqual(lines(self.found(*range(1, 28), cell="open: nothing yet")), [28])

    def test_a_hazard_without_a_row(self):
        tree = {hazards.PROMISES: "", "tests/a_test.cpp": "TEST(A, H1_Holds) {}"}
        self.assertEqual(len(hazards.check_hazards(sources_of(tree))), len(hazards.HAZARDS))


class Codes(unittest.TestCase):
    TABLE = '    {"too_long", "It is long"},\n    {"required",\n     "It is missing"},\n'
    SAYS = 'refuse("a", "too_long", "is long");\n{{"/b", "required", "misses"}}\n'

    def found(self, says, table=TABLE):
        tree = {codes.TABLE: table, "api/a.cpp": says,
                codes.REASONS: 'ErrcInfo{Errc::busy, "busy", "Busy"}'}
        return [(f.path, f.line) for f in codes.check_codes(sources_of(tree))]

    def test_each_has_a_row(self):
        self.assertEqual(self.found(self.SAYS), [])
        self.assertEqual(self.found(self.SAYS + 'complain(key, "busy", "is busy");'), [])
        for more in ('refuse("new", "is new");', 'errors.push_back({at, "new", f("x", 1)});',
                     'FieldError one{"/a", "new", detail};', '{{f("/{}", a), "new",\n  why}}',
                     'TableError one{1, column, "new", "is new"};',
                     'refuse_row({1, column, "new", detail});',
                     'refuse(a, b ? "new" : "required", "is it");'):
            self.assertEqual(self.found(self.SAYS + more), [("api/a.cpp", 3)], more)

    def test_what_is_no_complaint(self):
        for other in ('query("kind", "new", value);', '{{"a", "new", "b"}}',
                      '// refuse("new", "x")', 'refuse("new", a, "detail");',
                      'Field{.name = "new", .label = "x"};', '{{{}, "new", {}}}'):
            self.assertEqual(self.found(self.SAYS + other), [], other)

    def test_a_row_that_nobody_says(self):
        self.assertEqual(self.found(self.SAYS, self.TABLE + '    {"old", "It was"},\n'),
                         [(codes.TABLE, 4)])


class Answers(unittest.TestCase):
    TREE = {"tests/unit/api/CMakeLists.txt": "skerry_test(api\n  a_test.cpp)\n",
            "tests/unit/api/a_test.cpp": "TEST_F(ServerTest, Holds) {}\n",
            "tests/integration/limits_test.py": "", "tests/fuzz/csv_fuzz.cpp": ""}

    def found(self, answers=None, counts=None, **rows):
        """Of a table that is right but for these rows."""
        right = {number: ("yes", "`unit_api` (ServerTest.Holds)")
                 for number in asvs.requirements()}
        right.update({name.strip("_").replace("_", "."): row for name, row in rows.items()})
        right = {number: row for number, row in right.items() if row}
        text = "".join(f"| V{number} | 1 | it holds | **{verdict}**: {why} |\n"
                       for number, (verdict, why) in right.items())
        if counts is None:
            said = [v for v, _ in right.values()]
            counts = [len(said), *(said.count(v) for v in asvs.VERDICTS)]
        text += "Of {} requirements: {} yes, {} part, {} no, {} n/a.\n".format(*counts)
        return [f.what for f in asvs.check_asvs(sources_of({**self.TREE, asvs.ANSWERS: text}))]

    def test_all_is_answered(self):
        self.assertEqual(len(asvs.requirements()), 253)
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found(_4_3_1=("n/a", "no GraphQL")), [])
        self.assertEqual(self.found(_1_1_1=("yes", "`integration_limits`, `corpus_csv`")), [])
        self.assertEqual(self.found(_1_1_1=("yes", "`unit_api` (ServerTest)")), [])

    def test_what_is_wrong_is_named(self):
        for row, what in ((None, "V1.1.1 is not answered"),
                          (("yes", "we believe so"), "V1.1.1: yes without a test"),
                          (("no", ""), "V1.1.1: no reason"),
                          (("soon", "`tidy`"), "V1.1.1: 'soon'"),
                          (("yes", "`integration_none`"),
                           "V1.1.1: there is no test integration_none"),
                          (("yes", "`unit_api` (ServerTest.Breaks)"),
                           "V1.1.1: there is no test unit_api (ServerTest.Breaks)")):
            self.assertEqual(self.found(_1_1_1=row), [what])
        self.assertEqual(self.found(_1_2_10=("no", "level 3")), ["V1.2.10 is no requirement"])
        self.assertEqual(self.found(counts=(253, 252, 1, 0, 0)),
                         ["the counts are not those of the rows"])

    def test_tests_that_documents_name(self):
        tree = {**self.TREE, "docs/promises.md": "`unit_api` (x), `integration_gone`, `unit_core`"}
        self.assertEqual([f.what for f in asvs.check_named_tests(sources_of(tree))],
                         ["there is no test integration_gone", "there is no test unit_core"])


if __name__ == "__main__":
    unittest.main()
