"""A merge as a durable saga: what applications may do to its webhook, what people may do meanwhile,
and what an operator sees and may do. Three applications hold data: two are told, one asks."""

import json
import threading

import pytest
import requests

from remote import Inbox
from vestibule_process import Vestibule, wait_for
from visitor import (PASSWORD, Visitor, assert_error, guest_of, new_email, newest_link,
                     proved_account_of, sign_in, store_rows)
from zitadel_operations import USERS

FAR = "2099-01-01T00:00:00Z"


class Application(Inbox):
    """An application that answers the requests for merges as it is told to; by default it takes
    them over. The answer is (status, JSON) or an exception, which breaks the connection off."""

    def __init__(self, directory, name):
        super().__init__(directory)
        self.name = name
        self.answer_to = self.take_over
        self.seen = []  # (webhook-id, event), whatever the answer was

    @staticmethod
    def take_over(event):
        return 200, {"merge_id": event["data"]["merge_id"]}

    def take(self, event_id, event):
        self.seen.append((event_id, event))
        if event["type"] == "guest.merge_requested":
            answer = self.answer_to(event)
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.deliveries.append((event_id, event))
        return 200, {}

    def requests_of(self, guest):
        return [(event_id, event) for event_id, event in list(self.seen)
                if event["type"] == "guest.merge_requested"
                and event["data"]["source_sub"] == guest]

    def application(self):
        return {**super().application(), "name": self.name}


def refuse(_event):
    return 503, {}


class House:
    """A server with shop and loyalty, which take webhooks, and books, which pulls."""

    def __init__(self, directory):
        self.shop = Application(directory / "shop", "shop")
        self.loyalty = Application(directory / "loyalty", "loyalty")
        self.vestibule = Vestibule(directory / "vestibule", config={
            "mail": {"transport": "mailbox"},
            "limits": {"guests_per_minute": 100000, "guests_burst": 100000,
                       "sign_ins_per_minute": 100000}})
        self.vestibule.start()
        self.books = self.service_account("books")
        self.stranger = self.service_account("stranger")
        self.vestibule.stop()
        self.vestibule.config["applications"] = [
            {**self.shop.application(), "service_account": self.account_id},
            self.loyalty.application(),
            {"name": "books", "service_account": self.books["id"]},
            {"name": "stranger", "service_account": self.stranger["id"], "holds_data": False}]
        self.vestibule.start()

    def rpc(self, procedure, **body):
        answer = requests.post(self.vestibule.issuer + USERS + procedure, json=body, timeout=20,
                               headers=self.vestibule.admin_headers())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def service_account(self, name):
        made = self.rpc("CreateUser", organizationId=self.vestibule.bootstrap["organization_id"],
                        username=name, machine={"name": name})
        self.vestibule.command("users", "grant", made["id"], "guest_manager")
        token = self.rpc("AddPersonalAccessToken", userId=made["id"], expirationDate=FAR)["token"]
        return {"id": made["id"], "headers": {"Authorization": f"Bearer {token}"}}

    @property
    def account_id(self):
        return self.vestibule.bootstrap["service_account"]["id"]

    def call(self, who, method, path):
        headers = self.vestibule.service_headers() if who == "shop" else getattr(
            self, who)["headers"]
        return requests.request(method, self.vestibule.application + path, headers=headers,
                                timeout=20)

    def pending(self, who):
        answer = self.call(who, "GET", "/guest/v1/merges?state=pending")
        assert answer.status_code == 200, answer.text
        return answer.json()["merges"]

    def acknowledge(self, who, merge):
        return self.call(who, "POST", f"/guest/v1/merges/{merge}/ack")

    def alias(self, who, sub):
        return self.call(who, "GET", f"/guest/v1/aliases/{sub}")

    def command(self, *words, **more):
        return self.vestibule.command("merges", *words, "--json", **more)

    def listed(self, *words):
        return json.loads(self.command("list", *words).stdout)["merges"]

    def merge_of(self, guest):
        merge, = [merge for merge in self.listed("--all") if merge["source_sub"] == guest]
        return merge

    def show(self, merge):
        shown = json.loads(self.command("show", merge).stdout)
        shown["parts"] = {part["application"]: part for part in shown["parts"]}
        return shown

    def exists(self, sub):
        return store_rows(self.vestibule, "users where id = ?", int(sub)) == 1

    def wait_until_gone(self, sub, seconds=30):
        wait_for(lambda: not self.exists(sub), "the guest's deletion", seconds)

    def begin(self, email=None):
        """(visitor, the guest's sub, the merge's id, the account's e-mail) after a sign-in."""
        email = email or proved_account_of(self.vestibule)[1]
        visitor = guest_of(self.vestibule)
        guest = visitor.session()["sub"]
        assert sign_in(self.vestibule, visitor, email, merge="1").status_code == 303
        return visitor, guest, self.merge_of(guest)["id"], email

    def reset(self):
        self.shop.answer_to = self.loyalty.answer_to = Application.take_over

    def stop(self):
        assert self.vestibule.stop() == 0
        self.shop.stop()
        self.loyalty.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("merge"))
    yield house
    house.stop()


@pytest.fixture
def house(running):
    running.reset()
    yield running
    running.reset()


# what applications do


def test_every_application_has_to_acknowledge(house):
    visitor, guest, merge, _ = house.begin()
    account = visitor.session()["sub"]
    wait_for(lambda: house.merge_of(guest)["waits_for"] == ["books"], "both webhooks")
    assert house.exists(guest)
    assert merge in [pending["merge_id"] for pending in house.pending("books")]
    assert house.acknowledge("books", merge).json()["state"] == "done"
    assert not house.exists(guest)
    shown = house.show(merge)
    assert shown["state"] == "done" and shown["finished_at"]
    assert set(shown["parts"]) == {"shop", "loyalty", "books"}
    for part in shown["parts"].values():
        assert part["requested_at"] <= part["delivered_at"] <= part["acknowledged_at"]
    for application in (house.shop, house.loyalty):
        application.wait_for_events(guest, ["guest.provisioned", "guest.merged"])
        (event_id, event), = application.requests_of(guest)
        assert event["data"] == {"merge_id": merge, "source_sub": guest, "target_sub": account}


WRONG_ANSWERS = {
    "no echo": (200, {}), "another merge": (200, {"merge_id": "1"}),
    "a number": lambda event: (200, {"merge_id": int(event["data"]["merge_id"])}),
    "a bare string": lambda event: (200, event["data"]["merge_id"]),
    "accepted": lambda event: (202, {"merge_id": event["data"]["merge_id"]}),
    "moved": lambda event: (302, {"merge_id": event["data"]["merge_id"]}),
    "refused": (403, {}), "down": (503, {}), "broken off": ConnectionResetError(),
}


def test_only_the_echo_acknowledges(house):
    """One merge is answered wrongly in every way, and stands as it stood after each."""
    answers = [answer if callable(answer) else lambda _event, answer=answer: answer
               for answer in WRONG_ANSWERS.values()]
    count = iter(range(10**6))
    house.shop.answer_to = lambda event: answers[next(count) % len(answers)](event)
    _, guest, merge, _ = house.begin()
    assert house.acknowledge("books", merge).status_code == 200
    for tries in range(2, len(answers) + 2):
        assert house.exists(guest)
        house.command("retry", merge)
        wait_for(lambda: len(house.shop.requests_of(guest)) >= tries, f"attempt {tries}")
    assert house.exists(guest)
    house.shop.answer_to = Application.take_over
    house.command("retry", merge)
    house.wait_until_gone(guest)
    assert len({event_id for event_id, _ in house.shop.requests_of(guest)}) == 1, "one key"


def test_a_slow_application_is_not_waited_for_by_the_person(house):
    let_go = threading.Event()

    def slowly(event):
        assert let_go.wait(9)
        return house.shop.take_over(event)

    house.shop.answer_to = slowly
    visitor, guest, merge, _ = house.begin()
    assert visitor.session()["kind"] == "account"
    assert house.exists(guest)
    assert house.acknowledge("books", merge).status_code == 200
    let_go.set()
    house.wait_until_gone(guest)


def test_one_that_is_down_holds_the_merge_through_everything(house):
    house.shop.answer_to = refuse
    _, guest, merge, _ = house.begin()
    assert house.acknowledge("books", merge).status_code == 200
    wait_for(lambda: house.merge_of(guest)["waits_for"] == ["shop"], "loyalty's word")
    house.vestibule.command("purge", "--older-than", "0s", "--force", "--json")
    house.vestibule.kill()
    house.vestibule.start()
    assert house.exists(guest) and house.merge_of(guest)["waits_for"] == ["shop"]
    # And the same application may say by the API what its webhook cannot.
    assert house.acknowledge("shop", merge).json()["state"] == "done"
    assert not house.exists(guest)


def test_a_late_acknowledgement_counts_once(house):
    house.shop.answer_to = lambda _event: (202, {})
    _, guest, merge, _ = house.begin()
    for who in ("books", "shop", "books", "shop"):
        assert house.acknowledge(who, merge).status_code == 200
    house.wait_until_gone(guest)
    house.shop.wait_for_events(guest, ["guest.provisioned", "guest.merged"])


def test_an_application_without_data_has_no_say(house):
    house.shop.answer_to = house.loyalty.answer_to = refuse
    _, guest, merge, _ = house.begin()
    assert house.pending("stranger") == []
    assert house.acknowledge("stranger", merge).json()["state"] == "requested"
    assert house.merge_of(guest)["waits_for"] == ["books", "loyalty", "shop"]
    for who in ("shop", "books"):
        assert house.acknowledge(who, merge).status_code == 200
    house.loyalty.answer_to = Application.take_over
    house.command("retry", merge)
    house.wait_until_gone(guest)


def test_a_removed_application_releases(house):
    house.loyalty.answer_to = refuse
    _, guest, merge, _ = house.begin()
    assert house.acknowledge("books", merge).status_code == 200
    wait_for(lambda: house.merge_of(guest)["waits_for"] == ["loyalty"], "the shop's word")
    configured = house.vestibule.config["applications"]
    house.vestibule.stop()
    house.vestibule.config["applications"] = [
        application for application in configured if application["name"] != "loyalty"]
    house.vestibule.start()
    try:
        assert not house.exists(guest)
        assert house.show(merge)["state"] == "done"
    finally:
        house.vestibule.stop()
        house.vestibule.config["applications"] = configured
        house.vestibule.start()


# aliases


def test_an_alias_is_for_those_that_took_part(house):
    visitor, guest, merge, _ = house.begin()
    account = visitor.session()["sub"]
    for who in ("shop", "books", "stranger"):
        assert_error(house.alias(who, guest), 404, "unknown_alias")  # not before it is done
    house.acknowledge("books", merge)
    house.wait_until_gone(guest)
    for who in ("shop", "books"):
        answer = house.alias(who, guest)
        assert answer.status_code == 200 and answer.json() == {"sub": guest, "became": account}
    unknown = house.alias("stranger", "1")
    refused = house.alias("stranger", guest)
    assert_error(refused, 404, "unknown_alias")
    assert refused.json() == unknown.json(), "who took no part learns nothing, not even that it was"
    assert_error(house.alias("shop", account), 404, "unknown_alias")
    path = house.vestibule.application + f"/guest/v1/aliases/{guest}"
    assert_error(requests.get(path, timeout=5), 401)
    assert_error(requests.get(path, timeout=5, headers=house.vestibule.admin_headers()), 403)
    assert_error(visitor.get(f"/guest/v1/aliases/{guest}"), 401)


def test_an_alias_is_followed_through_a_chain(house):
    visitor = guest_of(house.vestibule)
    first = visitor.session()["sub"]
    email = proved_account_of(house.vestibule)[1]
    # The first account is one that the next session has just made, so that it can be merged itself.
    middle = guest_of(house.vestibule)
    middle_sub = middle.session()["sub"]
    assert middle.upgrade(new_email()).status_code == 200
    assert sign_in(house.vestibule, middle, email, merge="1").headers[
        "Location"] == "/guest/v1/choice"
    assert middle.post("/guest/v1/choice", data={"choice": "merge"}).status_code == 303
    house.acknowledge("books", house.merge_of(middle_sub)["id"])
    house.wait_until_gone(middle_sub)
    account = middle.session()["sub"]
    assert house.alias("books", middle_sub).json()["became"] == account
    assert sign_in(house.vestibule, visitor, email, merge="1").status_code == 303
    house.acknowledge("books", house.merge_of(first)["id"])
    house.wait_until_gone(first)
    assert house.alias("books", first).json()["became"] == account


# what people do meanwhile


@pytest.fixture
def held(house):
    """A merge that waits for books."""
    visitor, guest, merge, email = house.begin()

    class Held:
        pass

    held = Held()
    held.visitor, held.guest, held.merge, held.email = visitor, guest, merge, email
    held.account = visitor.session()["sub"]
    yield held
    # Whatever happened: it completes, once.
    assert house.exists(guest)
    assert house.acknowledge("books", merge).status_code == 200
    house.wait_until_gone(guest)
    assert house.alias("books", guest).json()["became"] == held.account


def test_meanwhile_the_same_sign_in_again(house, held):
    assert sign_in(house.vestibule, held.visitor, held.email, merge="1").status_code == 303
    assert [merge["id"] for merge in house.listed() if merge["source_sub"] == held.guest] == [
        held.merge]


def test_meanwhile_a_sign_in_to_another_account(house, held):
    other = proved_account_of(house.vestibule)[1]
    assert sign_in(house.vestibule, held.visitor, other, merge="1").status_code == 303
    assert house.merge_of(held.guest)["target_sub"] == held.account


def test_meanwhile_on_another_device(house, held):
    phone = guest_of(house.vestibule)
    second = phone.session()["sub"]
    assert sign_in(house.vestibule, phone, held.email, merge="1").status_code == 303
    more = house.merge_of(second)
    assert more["id"] != held.merge and more["target_sub"] == held.account
    house.acknowledge("books", more["id"])
    house.wait_until_gone(second)


def test_meanwhile_a_sign_out(house, held):
    assert held.visitor.post("/guest/v1/logout").status_code == 204


def test_meanwhile_a_password_reset(house, held):
    browser = Visitor(house.vestibule.issuer)
    assert browser.post("/ui/forgot", data={"email": held.email}).status_code == 200
    token = newest_link(house.vestibule, held.email, "reset")
    done = browser.post("/ui/reset", data={"token": token, "password": PASSWORD + "-new"})
    assert done.status_code == 200, done.text
    assert held.visitor.session() == {"signed_in": False}


def test_meanwhile_the_account_is_deactivated(house, held):
    house.rpc("DeactivateUser", userId=held.account)


def test_meanwhile_the_account_cannot_be_deleted(house, held):
    answer = requests.post(house.vestibule.issuer + USERS + "DeleteUser", timeout=20,
                           json={"userId": held.account}, headers=house.vestibule.admin_headers())
    assert answer.status_code == 409, answer.text
    assert house.exists(held.account)


def test_meanwhile_the_guest_cannot_be_deleted_nor_upgraded(house, held):
    for procedure, more in (("DeleteUser", {}),
                            ("SetPassword", {"newPassword": {"password": PASSWORD}}),
                            ("UpdateHumanUser", {"email": {"email": new_email()}})):
        answer = requests.post(house.vestibule.issuer + USERS + procedure, timeout=20,
                               json={"userId": held.guest, **more},
                               headers=house.vestibule.service_headers())
        assert answer.status_code >= 400, f"{procedure}: {answer.text}"


# the operator


def test_what_an_operator_sees(house):
    house.shop.answer_to = refuse
    house.loyalty.answer_to = lambda _event: (200, {})  # has seen it, and does not say so
    _, guest, merge, _ = house.begin()
    wait_for(lambda: "delivered_at" in house.show(merge)["parts"]["loyalty"], "the answer")
    shown = wait_for(lambda: (lambda one: one if one["parts"]["shop"].get("attempts") else None)(
        house.show(merge)), "the failure")
    assert shown["state"] == "requested"
    parts = shown["parts"]
    assert "503" in parts["shop"]["last_error"] and parts["shop"]["next_attempt_at"]
    assert "delivered_at" not in parts["shop"] and "delivered_at" not in parts["books"]
    assert "acknowledged_at" not in parts["loyalty"]
    assert "attempts" not in parts["books"]
    house.pending("books")
    assert house.show(merge)["parts"]["books"]["delivered_at"]
    house.shop.answer_to = lambda _event: (204, {})
    house.command("retry", merge)
    wait_for(lambda: house.show(merge)["state"] == "delivered", "the last of them")
    assert merge in [one["id"] for one in house.listed("--state", "delivered")]
    for other in ("requested", "stalled", "done", "abandoned"):
        assert merge not in [one["id"] for one in house.listed("--state", other)]
    house.reset()
    house.acknowledge("books", merge)
    house.command("retry", merge)
    house.wait_until_gone(guest)
    assert merge not in [one["id"] for one in house.listed()]
    assert merge in [one["id"] for one in house.listed("--state", "done")]
    people = house.vestibule.command("merges", "list", "--all").stdout
    assert people.splitlines()[0].split()[:4] == ["id", "source_sub", "target_sub", "state"]
    assert "acknowledged_at" in house.vestibule.command("merges", "show", merge).stdout


def test_abandoning_deletes_nobody(house):
    house.shop.answer_to = refuse
    visitor, guest, merge, email = house.begin()
    account = visitor.session()["sub"]
    done = json.loads(house.command("abandon", merge, "--reason", "the shop was sold").stdout)
    assert done["state"] == "abandoned" and done["reason"] == "the shop was sold"
    assert house.exists(guest) and house.exists(account)
    assert visitor.session()["sub"] == account
    for application in (house.shop, house.loyalty):
        wait_for(lambda application=application: "guest.merge_abandoned" in application.events(
            guest), "being told")
    # Late words change nothing, and nobody takes the guest for merged.
    for who in ("shop", "books"):
        assert_error(house.acknowledge(who, merge), 409, "merge_abandoned")
        assert_error(house.alias(who, guest), 404, "unknown_alias")
        assert merge not in [pending["merge_id"] for pending in house.pending(who)]
    again = house.command("abandon", merge, "--reason", "another")
    assert json.loads(again.stdout)["reason"] == "the shop was sold"
    assert house.command("retry", merge, check=False).returncode == 1
    # The account is free for the next one, the guest is the purge's.
    house.reset()
    visitor, second, more, _ = house.begin(email)
    house.acknowledge("books", more)
    house.wait_until_gone(second)
    house.vestibule.command("purge", "--older-than", "0s", "--force", "--json")
    assert not house.exists(guest) and house.exists(account)
    house.shop.wait_for_events(guest, ["guest.provisioned", "guest.merge_abandoned",
                                       "guest.purged"])
    events = visitor.get("/guest/v1/timeline").json()["events"]
    assert "merge_abandoned" in {event["type"] for event in events}
    assert "sold" not in json.dumps(events), "the reason is the operator's"


@pytest.mark.parametrize("words, status", [
    (("show", "1"), 1), (("show", "x"), 1), (("retry", "1"), 1),
    (("abandon", "1", "--reason", "because"), 1), (("abandon", "1"), 2), (("show",), 2),
    (("list", "--state", "pending"), 2), (("abandon", "1", "--reason", ""), 1)])
def test_wrong_words(house, words, status):
    done = house.command(*words, check=False)
    assert done.returncode == status and done.stderr and not done.stdout, done


def test_open_merges_are_measured(house):
    house.shop.answer_to = refuse
    _, guest, merge, _ = house.begin()
    house.vestibule.stop()
    house.vestibule.start()

    def value(name):
        text = requests.get(house.vestibule.issuer + "/metrics", timeout=5).text
        line, = [line for line in text.splitlines() if line.startswith(name + " ")]
        return float(line.split()[1])

    wait_for(lambda: value("vestibule_merges_open") >= 1, "the keeper's first look")
    assert value("vestibule_merges_oldest_seconds") > 0
    assert value("vestibule_merges_stalled") == 0
    house.reset()
    house.acknowledge("books", merge)
    house.command("retry", merge)
    house.wait_until_gone(guest)
