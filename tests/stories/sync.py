"""A county's program keeps a copy of a village's cases, and stays in step.

Written with nothing but docs/api.md at hand. It plays everybody who has a part: the office that
registers and gives out, the secretary whose cases are copied, the administrator who moves people. After
each turn the copy, a small SQLite file, is brought up to date and compared with the ledger.

    XINFANG_URL, XINFANG_PASSWORD          where, and everybody's password
    OFFICE, SECRETARY, ADMINISTRATOR       user names
"""
import json
import os
import sqlite3
import sys
import uuid

import requests

BASE = os.environ["XINFANG_URL"] + "/api/v1"
TIMEOUT = 60


class Person:
    """Somebody who is signed in."""

    def __init__(self, username):
        self.http = requests.Session()
        answer = self.post("/session", {"username": username, "password": os.environ["XINFANG_PASSWORD"]})
        self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        self.me = self.get("/me")

    def get(self, path, **params):
        answer = self.http.get(BASE + path, params=params, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def post(self, path, body, **headers):
        answer = self.http.post(BASE + path, json=body, headers=headers, timeout=TIMEOUT)
        if not answer.ok:
            raise SystemExit(f"POST {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def etag(self, path):
        answer = self.http.get(BASE + path, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.headers["ETag"]

    def patch(self, path, body):
        headers = {"If-Match": self.etag(path)}
        answer = self.http.patch(BASE + path, json=body, headers=headers, timeout=TIMEOUT)
        if not answer.ok:
            raise SystemExit(f"PATCH {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def register(self, cause, village):
        case = {
            "kind": "petition", "channel": "call", "purpose": "claim", "category": "water",
            "cause": cause, "people_count": 1, "received_on": "2026-03-09", "village_id": village,
            "people": [{"role": "petitioner", "name": "李四"}],
        }
        key = {"Idempotency-Key": str(uuid.uuid4())}
        made = self.post("/cases", case, **key)
        # No answer came, so it is sent again: it is the same case.
        assert self.post("/cases", case, **key)["id"] == made["id"]
        return made["id"]

    def step(self, case, action, **body):
        headers = {"If-Match": self.etag(f"/cases/{case}")}
        return self.post(f"/cases/{case}/actions/{action}", body, **headers)

    def token(self):
        body = {"name": "县平台同步", "scopes": ["cases:read"], "expires_on": "2026-06-30"}
        return self.post("/tokens", body)["secret"]


class Copy:
    """The copy, as docs/api.md keeps it; a line at a time, so that it may break off anywhere."""

    def __init__(self, path):
        self.path = path
        with self.open() as copy:
            copy.execute("CREATE TABLE IF NOT EXISTS cases (id TEXT PRIMARY KEY, version INTEGER, body TEXT)")
            copy.execute("CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, cursor TEXT)")

    def open(self):
        return sqlite3.connect(self.path)

    def follow(self, token, limit=None):
        """One request; whether there may be more."""
        copy = self.open()
        row = copy.execute("SELECT cursor FROM place").fetchone()
        params = {"since": row[0]} if row else {}
        if limit:
            params["limit"] = limit
        answer = requests.get(
            f"{BASE}/exports/cases.ndjson",
            headers={"Authorization": f"Bearer {token}"},
            params=params,
            stream=True,
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        more = True
        for line in answer.iter_lines():
            line = json.loads(line)
            if line["type"] == "case":
                case = line["case"]
                copy.execute(
                    "INSERT INTO cases VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
                    "SET version = excluded.version, body = excluded.body",
                    (case["id"], case["version"], json.dumps(case, ensure_ascii=False)),
                )
            elif line["type"] == "gone":
                copy.execute("DELETE FROM cases WHERE id = ?", (line["id"],))
            elif line["type"] == "cursor":
                copy.execute(
                    "INSERT INTO place VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor",
                    (line["cursor"],),
                )
                copy.commit()
                more = line["more"]
        return more

    def sync(self, token):
        # A few lines at a time, as over a slow line.
        while self.follow(token, limit=2):
            pass

    def rows(self):
        return dict(self.open().execute("SELECT id, version FROM cases"))

    def states(self):
        rows = self.open().execute("SELECT id, body FROM cases")
        return {id: json.loads(body)["state"] for id, body in rows}


def ledger(token):
    """What the owner of the token sees, a page at a time: id and version."""
    seen, cursor = {}, None
    while True:
        answer = requests.get(
            f"{BASE}/cases",
            headers={"Authorization": f"Bearer {token}"},
            params={"limit": 2, "cursor": cursor},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        page = answer.json()
        seen.update({case["id"]: case["version"] for case in page["items"]})
        cursor = page["next_cursor"]
        if cursor is None:
            assert len(seen) == page["total"], (len(seen), page["total"])
            return seen


def main():
    office = Person(os.environ["OFFICE"])
    secretary = Person(os.environ["SECRETARY"])
    administrator = Person(os.environ["ADMINISTRATOR"])
    village = secretary.me["user"]["unit_id"]
    units = {unit["name"]: unit for unit in office.get("/org-units")}
    elsewhere = next(unit["id"] for unit in units.values() if unit["kind"] == "village" and unit["id"] != village)
    copy = Copy("copy.db")
    token = secretary.token()

    def in_step(turn, count):
        copy.sync(token)
        rows, wanted = copy.rows(), ledger(token)
        if rows != wanted or len(rows) != count:
            raise SystemExit(f"{turn}: the copy has {rows}, the ledger {wanted}; {count} were expected")
        print(f"{turn}: {count} in step")

    in_step("nothing yet", 0)

    # Creates: the village's own, one of another village, and one that is followed half-way.
    first = office.register("支渠闸门锈蚀", village)
    second = office.register("机井电费分摊不公", village)
    other = office.register("村道路灯不亮", elsewhere)
    copy.follow(token, limit=1)
    third = office.register("低保复核有异议", village)
    in_step("three of the village are registered", 3)

    # Transitions.
    office.step(first, "accept")
    office.step(first, "dispatch", unit_id=village)
    in_step("one is accepted and given out", 3)
    secretary.step(first, "take")
    secretary.step(first, "note", text="已到现场查看")
    secretary.step(first, "answer", text="闸门本周更换", notice="当面送达信访人")
    in_step("and handled, and answered", 3)
    assert copy.states()[first] == "answered", copy.states()

    # A case of elsewhere comes to the village, and stays known when it is answered.
    office.step(other, "accept")
    office.step(other, "dispatch", unit_id=village)
    in_step("one of elsewhere is given to the village", 4)

    # Sealing: for the village it is as if it had never been; the office keeps it.
    office.patch(f"/cases/{second}", {"purpose": "accusation", "accused_unit_id": village})
    in_step("one turns out to accuse the village", 3)
    assert second not in copy.rows()
    assert office.get(f"/cases/{second}")["id"] == second

    # Role changes: to the office, where all is seen, the sealed one, too; and back.
    user = secretary.me["user"]["id"]
    administrator.patch(f"/users/{user}", {"role": "coordination_office", "unit_id": office.me["user"]["unit_id"]})
    try:
        copy.follow(token)
        raise SystemExit("the token outlived the role that it was made in")
    except requests.HTTPError as error:
        assert error.response.status_code == 401, error
    secretary = Person(os.environ["SECRETARY"])
    token = secretary.token()
    in_step("the secretary goes to the office", 4)
    assert second in copy.rows() and third in copy.rows()
    administrator.patch(f"/users/{user}", {"role": "village_secretary", "unit_id": village})
    token = Person(os.environ["SECRETARY"]).token()
    in_step("and comes back to the village", 3)
    assert second not in copy.rows()

    # From nothing it comes to the same.
    fresh = Copy("fresh.db")
    fresh.sync(token)
    assert fresh.rows() == copy.rows()
    print("the end")


if __name__ == "__main__":
    sys.exit(main())
