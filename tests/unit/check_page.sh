#!/bin/sh
# check_page.sh - config/page.html by reading it: it is one file that asks for nothing but "status", puts nothing in as markup,
# reads no key that a /status document does not have, and is not large. What it does in a browser is tests/deploy/test_page.py.
set -u
cd "$(dirname "$0")/../.." || exit
exec python3 - config/page.html tests/fixtures/status.json <<'PYTHON'
import json, re, sys
from html.parser import HTMLParser

page = open(sys.argv[1], encoding="utf-8").read()
fixture = json.load(open(sys.argv[2], encoding="utf-8"))
faults = []
LIMIT = 56000


class Reader(HTMLParser):
    stack, ids, scripts, styles = [], [], "", ""

    def handle_starttag(self, tag, attributes):
        self.stack.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name.startswith("on"):
                faults.append(f"<{tag}> has the attribute {name}")
            if name in ("src", "srcset", "href", "action", "data", "poster") and value != "status" and not value.startswith("data:image/svg+xml,"):
                faults.append(f"<{tag} {name}> leads to {value[:60]}")
        if tag in ("iframe", "object", "embed", "base", "form", "img"):
            faults.append(f"there is a <{tag}>")

    def handle_data(self, data):
        if self.stack and self.stack[-1] == "script":
            self.scripts += data
        elif self.stack and self.stack[-1] == "style":
            self.styles += data

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop() != tag:
            pass


reader = Reader()
reader.feed(page)
script = re.sub(r"(?m)(^|\s)//.*$", "", reader.scripts)

if len(page.encode()) > LIMIT:
    faults.append(f"it has {len(page.encode())} bytes, more than {LIMIT}")
elsewhere = re.findall(r"(?:https?:|wss?:)?//[\w.-]+[^\s\"'<>)]*", page.replace("http://www.w3.org/2000/svg", ""))
faults += [f"it names {address}" for address in elsewhere if not re.match(r"//\s?$", address)]
faults += [f"the style has {word}" for word in re.findall(r"url\([^)]*\)|@import|@font-face", reader.styles)]
for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setTimeout(\"", "XMLHttpRequest",
             "WebSocket", "EventSource", "sendBeacon", "import(", "localStorage", "document.cookie", "DOMParser", "srcdoc"):
    if word in script:
        faults.append(f"the script has {word}")
asked = re.findall(r"fetch\(([^,)]*)", script)
if asked != ['"status"']:
    faults.append(f"it fetches {asked}")
if "default-src 'none'" not in page or "connect-src 'self'" not in page:
    faults.append("it has no policy that forbids other addresses")

# keys: every path that is read, in the one way that they are read
known = set()
dynamic = {"flags", "connections"}  # their members are names, not keys


def collect(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            known.add(key)
            collect(inner)
    elif isinstance(value, list):
        for inner in value:
            collect(inner)


collect(fixture)
read = set()
for path in re.findall(r"\b(?:get|num|text|list|rows|dict|time)\((?:[^\"(),]|\([^()]*(?:\([^()]*\))?[^()]*\))*, [\"`]([\w.]+)(?:\.\$\{\w+\})?[\"`]\)", script):
    read |= set(path.split("."))
for function, keys in (("series", r'\bseries\("(\w+)"\)'), ("line", r'\bline\("(\w+)"\)'), ("c", r'\bc\("(\w+)"\)')):
    read |= set(re.findall(keys, script))
if len(read) < 50:
    faults.append(f"only {len(read)} keys were found in it: this check has come apart from the way it reads them")
faults += [f"it reads {key}, which no /status document has" for key in sorted(read - known)]
# ids that the script asks for are there
faults += [f"it asks for #{i}" for i in set(re.findall(r"(?:\$|put)\(\"([\w-]+)\"", script)) - set(reader.ids)]
faults += [f"the id {i} is there twice" for i in set(reader.ids) if reader.ids.count(i) > 1]

for fault in faults:
    print(f"config/page.html: {fault}")
sys.exit(1 if faults else 0)
PYTHON
