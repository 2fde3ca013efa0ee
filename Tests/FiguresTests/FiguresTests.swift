import Figures
import Foundation
import Testing

@Suite("Figures")
struct FiguresTests {
  /// Tests/FiguresTests/FiguresTests.swift is three levels below the package's folder.
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func read(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  private static func page() throws -> FigurePage {
    try #require(FigurePage(read("docs/performance.md")), "docs/performance.md has no table")
  }

  // MARK: The project's own pages

  @Test("the table is that of the figures kept in docs/plots/data")
  func tableIsUpToDate() throws {
    let table = FigureTable.markdown { name in
      (try? Self.read("docs/plots/data/\(name).tsv")).flatMap { Results($0) }
    }
    #expect(try Self.page().table == table, "docs/performance.md is out of date: make plots")
  }

  @Test("the tables of docs/footprint.md are those of the figures kept, within their budgets")
  func footprintIsUpToDate() throws {
    let results = { (name: String) in
      (try? Self.read("docs/plots/data/\(name).tsv")).flatMap { Results($0) }
    }
    let page = try Self.read("docs/footprint.md")
    #expect(
      FootprintPage(page).drawn(results) == page, "docs/footprint.md is out of date: make plots")
    let files = try #require(results(FootprintPage.files))
    for build in FootprintBudget.Build.allCases {
      let row = try #require(
        files.rows.first { $0.name == "x86_64" && $0.contestant == build.rawValue })
      let budget = FootprintBudget(build, openSSL: row.note.replacing("OpenSSL ", with: ""))
      #expect(try #require(row.values[0]) * 1000 <= Double(budget.size), "\(build)")
    }
  }

  @Test("a page without a place for its tables is left alone")
  func leavesOtherPages() throws {
    var results = Results(comments: ["Files"], columns: ["stripped (kB)", "start (ms)"])
    results.add("x86_64", "dynamic", [386.4, 20], note: "OpenSSL 3.0.17")
    results.add("a", FootprintPage.bare, [.nan, 16])
    let tables = "<!-- footprint-files -->\n<!-- /footprint-files -->"
    #expect(FootprintPage(tables).drawn { _ in results } == nil)
    let page = FootprintPage(tables + "\n<!-- footprint -->\nold\n<!-- /footprint -->")
    #expect(page.drawn { _ in nil } == nil)
    #expect(
      page.drawn { _ in results } == """
        <!-- footprint-files -->
        | machine | linked | stripped | start (ms) | with |
        | --- | --- | ---: | ---: | ---: |
        | x86_64 | dynamic | 386 | 20 | OpenSSL 3.0.17 |
        | a | a bare TLS client | – | 16 |  |
        <!-- /footprint-files -->
        <!-- footprint -->
        |  | dynamic | a bare TLS client |
        | --- | ---: | ---: |
        | stripped (kB) | 386.4 | – |
        | start (ms) | 20.0 | 16.0 |
        | start, of the bare client's | 1.25 | 1.00 |
        <!-- /footprint -->
        """)
  }

  @Test(
    "what a page quotes of the table is what stands there",
    arguments: [
      "README.md", "docs/performance.md", "docs/migrating.md", "CHANGELOG.md", "ARCHITECTURE.md",
    ])
  func quotesAgree(path: String) throws {
    for complaint in try Self.page().complaints(about: Self.read(path)) {
      Issue.record("\(path): \(complaint)")
    }
  }

  @Test("every plot that a page shows is there")
  func plotsExist() throws {
    for path in ["docs/performance.md", "docs/performance-log.md", "docs/footprint.md"] {
      for match in try Self.read(path).matches(of: /\]\((plots\/[^)]+)\)/) {
        let file = Self.root.appendingPathComponent("docs/\(match.1)").path
        #expect(FileManager.default.fileExists(atPath: file), "\(path): \(match.1)")
      }
    }
  }

  // MARK: The rules

  private static let example = """
    # A page

    <!-- table -->
    |  | localproxy | reference | of it | `ssh -L` |
    | --- | ---: | ---: | ---: | ---: |
    | speed up<!-- row: speed-up --> | **552 MB/s** | 171 MB/s | 3.23 | – |
    | CPU for 1 GB<!-- row: cpu-up --> | **1.70 s** | 6.47 s | 0.26 | 2.50 s |
    | connects<!-- row: connects --> | **1,849 a second** | failed |  | – |
    <!-- /table -->

    """

  @Test(
    "a quote is good when it is the figure, or the figure rounded",
    arguments: [
      "552 MB/s<!-- figure: speed-up localproxy -->",
      "**552** MB/s<!-- figure: speed-up localproxy -->",
      "[26 %](docs/page2.md#1)<!-- figure: cpu-up localproxy/reference -->",
      "about 550<!-- figure: speed-up localproxy -->",
      "some 600 MB/s<!-- figure: speed-up localproxy -->",
      "at 99 % of p99, 3.2 times<!-- figure: speed-up localproxy/reference --> as fast",
      "0.26<!-- figure: cpu-up localproxy/reference -->",
      "26 %<!-- figure: cpu-up localproxy/reference -->",
      "3.8 times<!-- figure: cpu-up reference/localproxy -->", "2.5<!-- figure: cpu-up ssh -->",
      "1849<!-- figure: connects localproxy -->",
      "1,849<!-- figure: connects localproxy -->, 1,800\n"
        + "in a second<!-- figure: connects\n localproxy -->",
      "nothing is quoted here, but 7 MB/s", "",
    ])
  func accepts(text: String) throws {
    #expect(try #require(FigurePage(Self.example)).complaints(about: text) == [])
  }

  @Test(
    "a quote is bad when it is another figure, or none",
    arguments: [
      (
        "553<!-- figure: speed-up localproxy -->",
        "'speed-up localproxy': 553 is quoted, but docs/performance.md has 552"
      ),
      (
        "500<!-- figure: speed-up localproxy -->",
        "'speed-up localproxy': 500 is quoted, but docs/performance.md has 552"
      ),
      (
        "2 s<!-- figure: cpu-up localproxy -->",
        "'cpu-up localproxy': 2 is quoted, but docs/performance.md has 1.7"
      ),
      (
        "27 %<!-- figure: cpu-up localproxy/reference -->",
        "'cpu-up localproxy/reference': 27 is quoted, but docs/performance.md has 26.28"
      ),
      (
        "26<!-- figure: cpu-up localproxy/reference -->",
        "'cpu-up localproxy/reference': 26 is quoted, but docs/performance.md has 0.2628"
      ),
      (
        "at p99, 552 MB/s.\n\ntwice<!-- figure: speed-up localproxy -->",
        "'speed-up localproxy': no number stands before the comment"
      ),
      (
        "9<!-- figure: speed-upp localproxy -->",
        "'speed-upp localproxy': the table has no such figure"
      ),
      ("9<!-- figure: speed-up baseline -->", "'speed-up baseline': the table has no such figure"),
      ("9<!-- figure: speed-up ssh -->", "'speed-up ssh': the table has no such figure"),
      (
        "9<!-- figure: connects reference -->", "'connects reference': the table has no such figure"
      ),
      ("9<!-- figure: speed-up -->", "'speed-up': the table has no such figure"),
    ])
  func refuses(text: String, complaint: String) throws {
    #expect(try #require(FigurePage(Self.example)).complaints(about: text) == [complaint])
  }

  @Test("the table is made of the results: figures, ratios, what failed, what was not tried")
  func makesTable() throws {
    var bulk = Results(
      comments: ["Bulk"], columns: ["speed (MB/s)", "source (CPU-s/GB)", "destination (CPU-s/GB)"])
    bulk.add("up", "reference", [171.4, 4.68, 1.79])
    bulk.add("up", "localproxy", [1552, 0.98, 0.72])
    bulk.add("down", "reference", nil, note: "failed in 1 of 1: source\tended")
    bulk.add("down", "localproxy", [494, 0.806, .nan])
    let kept = try #require(Results(bulk.text))
    #expect(kept.text == bulk.text)
    #expect(kept.rows[2].note == "failed in 1 of 1: source ended")
    let lines = FigureTable.markdown { $0 == "bulk" ? kept : nil }.split(separator: "\n")
    #expect(
      lines.prefix(6) == [
        "|  | localproxy | reference | of it |", "| --- | ---: | ---: | ---: |",
        "| CPU time for 1 GB up, both ends<!-- row: cpu-up --> | **1.70 s** | 6.47 s | 0.26 |",
        "| CPU time for 1 GB down, both ends<!-- row: cpu-down --> | – | failed |  |",
        "| speed up<!-- row: speed-up --> | **1,552 MB/s** | 171 MB/s | 9.08 |",
        "| speed down<!-- row: speed-down --> | **494 MB/s** | failed |  |",
      ])
    #expect(lines[6].hasSuffix("<!-- row: trip-p50 --> | – | – |  |"))
  }

  @Test(
    "what is not a file of results is none",
    arguments: ["", "# a\n", "a\tb\n", "case\tcontestant\tspeed\tnote\nup\tfloor\t1\n"])
  func refusesFile(text: String) { #expect(Results(text) == nil) }
}
