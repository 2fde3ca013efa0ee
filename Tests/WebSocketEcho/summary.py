# Sums up what Autobahn found, for scripts/autobahn; run by its own Python, 2.7.
#
#   summary.py RESULTS CASES VERSIONS [DOCUMENT]
#
# RESULTS has a folder ROLE-BUILD for each run, with Autobahn's index.json in it. Prints a table by sections and, where
# something did not pass, the cases. With a DOCUMENT, the part of it between the marks is written anew. Ends with
# status 1 if any case is missing or anything but OK or INFORMATIONAL.
import codecs
import datetime
import json
import os
import sys

from autobahntestsuite.case import Cases, CaseBasename, CaseCategories, CaseSetname
from autobahntestsuite.case import CaseSubCategories
from autobahntestsuite.caseset import CaseSet

BEGIN = u"<!-- written by scripts/autobahn: -->"
END = u"<!-- end of what scripts/autobahn writes -->"
PASSES = ("OK", "INFORMATIONAL")


def read(results):
    runs = []
    for name in sorted(os.listdir(results)):
        path = os.path.join(results, name, "index.json")
        if not os.path.isdir(os.path.join(results, name)):
            continue
        cases = {}
        if os.path.exists(path):
            with open(path) as file:
                agents = json.load(file)
            cases = agents.get(name, {})
        runs.append((name, cases))
    return runs


def verdict(result):
    """The worse of what Autobahn says of the messages and of the closing handshake."""
    if result is None:
        return "MISSING"
    both = (result["behavior"], result["behaviorClose"])
    for word in both:
        if word not in PASSES:
            return word
    return "INFORMATIONAL" if "INFORMATIONAL" in both else "OK"


def cell(verdicts):
    passed = sum(1 for word in verdicts if word in PASSES)
    notes = []
    for word, name in (("NON-STRICT", "non-strict"), ("INFORMATIONAL", "inf.")):
        count = verdicts.count(word)
        if count:
            notes.append("%d %s" % (count, name))
    return "%d/%d%s" % (passed, len(verdicts), " (%s)" % ", ".join(notes) if notes else "")


def table(runs, wanted):
    sections = sorted(set(int(case.split(".")[0]) for case in wanted))
    rows = [["section"] + [name.replace("-", ", ") for name, _ in runs]]
    for section in sections:
        cases = [case for case in wanted if case.startswith("%d." % section)]
        row = ["%d %s" % (section, CaseCategories.get(str(section), ""))]
        rows.append(row + [cell([verdict(r.get(case)) for case in cases]) for _, r in runs])
    rows.append(["all"] + [cell([verdict(r.get(case)) for case in wanted]) for _, r in runs])
    return rows


def aligned(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()


def write(document, rows, cases, versions):
    lines = [u"Run on %s, cases %s, with %s." % (datetime.date.today(), cases, versions), u""]
    for index, row in enumerate(rows):
        lines.append(u"| " + u" | ".join(row) + u" |")
        if index == 0:
            lines.append(u"| --- " * len(row) + u"|")
    with codecs.open(document, encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    with codecs.open(document, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + u"\n\n" + u"\n".join(lines) + u"\n\n" + END + tail)


def main():
    results, cases, versions = sys.argv[1:4]
    case_set = CaseSet(CaseSetname, CaseBasename, Cases, CaseCategories, CaseSubCategories)
    wanted = case_set.parseSpecCases({"cases": cases.split(",")})
    runs = read(results)
    rows = table(runs, wanted)
    print "\n".join(aligned(rows))
    failed = [(name, case, verdict(found.get(case)))
              for name, found in runs for case in wanted
              if verdict(found.get(case)) not in PASSES]
    for name, case, word in failed[:100]:
        print "%s: case %s: %s" % (name, case, word)
    if len(failed) > 100:
        print "and %d more" % (len(failed) - 100)
    if not runs or not wanted:
        print "Nothing was run."
        sys.exit(1)
    if len(sys.argv) > 4:
        write(sys.argv[4], rows, cases.replace(",", ", "), versions)
    sys.exit(1 if failed else 0)


main()
