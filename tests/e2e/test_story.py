"""The story that must work, lived in a real Chromium from the first visit to the last."""

import glob
import json
import re
import sqlite3

import pytest
import requests

from browser import Browser
from vestibule_process import wait_for

pytestmark = pytest.mark.browser

PASSWORD = "violet-harbour-antique-9"
NEW_PASSWORD = "saffron-lantern-meadow-4"


def rows(demo, table):
    """Looks at the store from outside; readers never disturb the server."""
    with sqlite3.connect(f"file:{demo.vestibule.data}/vestibule.db?mode=ro", uri=True) as store:
        return store.execute(f"select count(*) from {table}").fetchone()[0]


def humans(demo):
    return rows(demo, "users where kind = 1 and username is not 'admin'")


def session(browser):
    """Who this browser is; asked again if the page was left meanwhile."""
    def ask():
        status, text = browser.fetch("GET", "/guest/v1/session")
        return json.loads(text) if status == 200 else None

    return browser.wait(ask, "GET session")


def add_to_cart(browser, product):
    browser.open("/")
    before = int(browser.find("cart-count").get_attribute("data-count") or 0)
    browser.click(f"add-to-cart-{product}")
    browser.wait_attribute("cart-count", "data-count", str(before + 1))


def register(browser, email, password=PASSWORD):
    browser.open("/checkout")
    browser.visible("register-form")
    browser.type("given_name", "Jane", "register-form")
    browser.type("family_name", "Doe", "register-form")
    browser.type("email", email, "register-form")
    browser.type("password", password, "register-form")
    browser.click("register-submit")
    browser.wait(lambda: session(browser).get("kind") == "account", "the account")


def newest_link(browser, demo, address, kind):
    """The newest link of that kind in the mailbox page."""
    def look():
        text = requests.get(demo.vestibule.issuer + "/mailbox", timeout=5).text
        for mail in text.split('data-testid="mail"')[1:]:
            link = re.search(rf'href="([^"]*/ui/{kind}\?token=[^"]+)"', mail)
            if address in mail and link:
                return link.group(1).replace("&amp;", "&")
        return None

    return wait_for(look, f"a {kind} mail to {address}")


def sign_in(browser, name, password):
    """From the shop's button to the provider's own page and back."""
    browser.open("/")
    browser.click("sign-in")
    browser.by_id("username").send_keys(name)
    browser.by_id("password").send_keys(password)
    browser.by_id("login-submit").click()


@pytest.fixture(scope="module")
def jane(demo, screenshots):
    with Browser(demo.url) as browser:
        yield browser


def test_01_a_visitor_browses_and_nothing_is_kept(demo, jane, screenshots):
    jane.open("/")
    jane.visible("products")
    assert humans(demo) == 0
    assert rows(demo, "sessions") == 0
    cookies = jane.cookies()
    assert set(cookies) == {"vestibule-ticket"}
    assert cookies["vestibule-ticket"]["httpOnly"]
    assert cookies["vestibule-ticket"]["sameSite"] == "Lax"
    assert session(jane) == {"signed_in": False}
    jane.screenshot(screenshots, "01-visitor")


def test_02_the_first_click_makes_a_guest(demo, jane, screenshots):
    add_to_cart(jane, "vase")
    who = session(jane)
    assert who["signed_in"] and who["kind"] == "guest"
    assert humans(demo) == 1
    cookie = jane.cookies()["vestibule"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert len(cookie["name"] + cookie["value"]) < 4096
    token = json.loads(jane.fetch("GET", "/api/token")[1])
    assert token["header"]["typ"] == "at+jwt"
    assert token["header"]["alg"] == "ES256"
    assert token["claims"]["sub"] == who["sub"]
    assert token["claims"]["iss"] == demo.vestibule.issuer
    assert token["claims"]["act"]["sub"] == demo.vestibule.bootstrap["service_account"]["id"]
    with sqlite3.connect(f"file:{demo.vestibule.data}/vestibule.db?mode=ro", uri=True) as store:
        key, = store.execute("select key from user_metadata where user_id = ?",
                             (int(who["sub"]),)).fetchone()
    assert re.fullmatch(r"GUEST_\d\d_\d\d_\d\d", key)
    jane.screenshot(screenshots, "02-guest")


def test_03_a_double_click_makes_one_guest(demo):
    with Browser(demo.url) as browser:
        browser.open("/")
        before = humans(demo)
        statuses = browser.driver.execute_async_script(
            """const done = arguments[0];
               const add = () => fetch('/api/cart/items', {method: 'POST',
                 headers: {'Content-Type': 'application/json'},
                 body: JSON.stringify({product_id: 'mug', quantity: 1})}).then(r => r.status);
               Promise.all([add(), add(), add(), add()]).then(done);""")
        assert all(status in (200, 201) for status in statuses)
        assert humans(demo) == before + 1
        browser.open("/cart")
        assert browser.find("quantity-mug").get_attribute("value") == "4"


def test_04_the_page_shows_who_you_are(demo, jane, screenshots):
    jane.open("/")
    jane.wait_attribute("whoami-kind", "data-kind", "guest")
    assert jane.text("whoami-sub") == session(jane)["sub"]
    assert jane.find("jwt-claims")
    assert re.search(r"\d:\d\d", jane.text("jwt-countdown"))
    jane.wait(lambda: "provisioned" in jane.find("timeline").get_attribute("innerHTML"), "timeline")
    jane.screenshot(screenshots, "04-who-you-are")


def test_05_registering_keeps_the_sub_and_the_cart(demo, jane, screenshots):
    before = session(jane)
    old_cookie = jane.cookies()["vestibule"]["value"]
    register(jane, "jane@example.com")
    after = session(jane)
    assert after["sub"] == before["sub"]
    assert after["name"] == "Jane Doe"
    assert after["email"] == "jane@example.com"
    assert after["email_verified"] is False
    assert jane.cookies()["vestibule"]["value"] != old_cookie
    with sqlite3.connect(f"file:{demo.vestibule.data}/vestibule.db?mode=ro", uri=True) as store:
        tags, = store.execute("select count(*) from user_metadata where user_id = ?",
                              (int(after["sub"]),)).fetchone()
    assert tags == 0
    stale = requests.get(demo.url + "/guest/v1/session", cookies={"vestibule": old_cookie}, timeout=5)
    assert stale.json() == {"signed_in": False}
    jane.open("/cart")
    assert jane.find("quantity-vase").get_attribute("value") == "1"
    jane.screenshot(screenshots, "05-account")


def test_06_the_proof_link_proves_the_address(demo, jane, screenshots):
    link = newest_link(jane, demo, "jane@example.com", "proof")
    # A scanner that opens the link changes nothing.
    requests.get(link, timeout=5)
    assert session(jane)["email_verified"] is False
    jane.open(link)
    jane.screenshot(screenshots, "06-proof")
    jane.by_id("proof-submit").click()
    jane.wait(lambda: "onfirmed" in jane.driver.page_source, "the confirmation")
    jane.open("/")
    jane.wait_attribute("whoami-kind", "data-kind", "account")
    who = session(jane)
    assert who["email_verified"] is True


def test_07_sign_out_and_in_by_the_proved_address(demo, jane):
    before = session(jane)["sub"]
    jane.open("/")
    jane.click("sign-out")
    jane.wait(lambda: session(jane)["signed_in"] is False, "being signed out")
    sign_in(jane, "jane@example.com", PASSWORD)
    jane.wait(lambda: session(jane).get("sub") == before, "being signed in")


def test_08_a_wrong_password_says_nothing(demo):
    with Browser(demo.url) as browser:
        answers = []
        for name in ["jane@example.com", "nobody@example.com"]:
            sign_in(browser, name, "not-the-password")
            answers.append(browser.by_id("error").text)
        assert answers[0] == answers[1]


def test_09_password_reset_by_the_mailbox(demo, screenshots):
    with Browser(demo.url) as browser:
        browser.open("/")
        browser.click("sign-in")
        browser.by_id("forgot-link").click()
        browser.by_id("email").send_keys("jane@example.com")
        browser.by_id("forgot-submit").click()
        link = newest_link(browser, demo, "jane@example.com", "reset")
        browser.open(link)
        browser.by_id("password").send_keys(NEW_PASSWORD)
        browser.screenshot(screenshots, "09-reset")
        browser.by_id("reset-submit").click()
        browser.wait(lambda: "password is set" in browser.driver.page_source, "the new password")
        # Setting it signed this browser in at the provider, so the shop need not ask again.
        browser.open("/")
        browser.click("sign-in")
        browser.wait(lambda: browser.driver.current_url.startswith(demo.url)
                     and session(browser).get("kind") == "account", "being signed in")


def test_10_a_guest_with_a_cart_signs_in_and_is_merged(demo, screenshots):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "teapot")
        add_to_cart(browser, "vase")
        guest = session(browser)["sub"]
        sign_in(browser, "jane@example.com", NEW_PASSWORD)
        browser.wait(lambda: browser.driver.current_url.startswith(demo.url)
                     and session(browser).get("kind") == "account", "being signed in")
        account = session(browser)["sub"]
        assert account != guest
        # The page that they come back to has the merged cart already.
        browser.open("/cart")
        assert browser.find("quantity-vase").get_attribute("value") == "2"  # 1 + 1: the sum rule
        assert browser.find("quantity-teapot").get_attribute("value") == "1"
        browser.screenshot(screenshots, "10-merged")
        wait_for(lambda: rows(demo, f"users where id = {int(guest)}") == 0, "the guest's deletion")
        browser.open("/")
        browser.wait(lambda: "merged" in browser.find("timeline").get_attribute("innerHTML"),
                     "the merge in the timeline")


def test_11_a_merge_waits_for_a_shop_that_cannot_take_it(demo):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "clock")
        guest = session(browser)["sub"]
        demo.shop.maintenance_file.touch()
        try:
            sign_in(browser, "jane@example.com", NEW_PASSWORD)
            browser.wait(lambda: browser.driver.current_url.startswith(demo.url)
                         and session(browser).get("kind") == "account", "being signed in")
            assert rows(demo, f"users where id = {int(guest)}") == 1
            listed = json.loads(demo.vestibule.command("merges", "list", "--json").stdout)
            assert [merge["source_sub"] for merge in listed["merges"]] == [guest]
            # Not even a purge of everything takes the guest away, nor does kill -9.
            demo.vestibule.command("purge", "--older-than", "0s", "--json")
            demo.vestibule.kill()
            demo.vestibule.start()
            assert rows(demo, f"users where id = {int(guest)}") == 1
        finally:
            demo.shop.maintenance_file.unlink()
        wait_for(lambda: rows(demo, f"users where id = {int(guest)}") == 0,
                 "the merge to complete by itself", seconds=60)
        browser.open("/cart")
        assert browser.find("quantity-clock").get_attribute("value") == "1"


def test_12_forget_me_erases_a_guest_at_once(demo):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "mug")
        guest = session(browser)["sub"]
        browser.open("/")
        browser.click("forget-me")
        browser.click("forget-confirm")
        browser.wait(lambda: session(browser)["signed_in"] is False, "being forgotten")
        assert rows(demo, f"users where id = {int(guest)}") == 0
        browser.open("/cart")
        browser.find("cart-empty")


def shop_cart_rows(demo, sub):
    with sqlite3.connect(f"file:{demo.shop.directory}/data/shop.sqlite?mode=ro", uri=True) as store:
        return store.execute("select count(*) from cart_items where sub = ?", (sub,)).fetchone()[0]


def test_13_abandoned_guests_are_purged_and_customers_never(demo):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "bowl")
        guest = session(browser)["sub"]
        dry = json.loads(demo.vestibule.command(
            "purge", "--older-than", "0s", "--dry-run", "--json").stdout)
        accounts = rows(demo, "users where guest_day is null")
        done = json.loads(demo.vestibule.command("purge", "--older-than", "0s", "--json").stdout)
        assert done["purged"] == dry["purged"] > 0
        assert rows(demo, f"users where id = {int(guest)}") == 0
        assert rows(demo, "users where guest_day is not null") == 0
        assert rows(demo, "users where guest_day is null") == accounts
        assert session(browser) == {"signed_in": False}
        wait_for(lambda: shop_cart_rows(demo, guest) == 0, "the shop to drop the cart")
        # And the person just starts over.
        add_to_cart(browser, "bowl")
        assert session(browser)["sub"] != guest


def test_14_a_guest_comes_back_after_days(demo):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "stool")
        guest = session(browser)["sub"]
        demo.vestibule.stop()
        demo.shop.stop()
        ahead = {"LD_PRELOAD": faketime_library(), "FAKETIME": "+3d", "FAKETIME_DONT_RESET": "1"}
        demo.vestibule.start(environment=ahead)
        demo.shop.start(demo.vestibule.issuer, demo.vestibule.application, ahead)
        try:
            browser.open("/cart")
            assert browser.find("quantity-stool").get_attribute("value") == "1"
            assert session(browser)["sub"] == guest
        finally:
            demo.shop.stop()
            demo.vestibule.stop()
            demo.vestibule.start()
            demo.shop.start(demo.vestibule.issuer, demo.vestibule.application)


def faketime_library():
    return glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0]


def test_15_kill_9_loses_nothing_that_was_answered(demo):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "lamp")
        guest = session(browser)["sub"]
        demo.vestibule.kill()
        demo.vestibule.start()
        assert session(browser)["sub"] == guest
        register(browser, "lamp@example.com")
        demo.vestibule.kill()
        demo.vestibule.start()
        who = session(browser)
        assert who["sub"] == guest and who["kind"] == "account"
        browser.open("/cart")
        assert browser.find("quantity-lamp").get_attribute("value") == "1"


def test_16_everything_works_without_javascript_and_on_a_phone(demo, screenshots):
    with Browser(demo.url, width=390, height=844) as browser:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        browser.open("/")
        browser.click("add-to-cart-candles")
        browser.wait_attribute("cart-count", "data-count", "1")
        browser.open("/cart")
        assert browser.find("quantity-candles").get_attribute("value") == "1"
        browser.screenshot(screenshots, "16-phone-cart")
        browser.open("/checkout")
        browser.type("given_name", "No", "register-form")
        browser.type("family_name", "Script", "register-form")
        browser.type("email", "noscript@example.com", "register-form")
        browser.type("password", PASSWORD, "register-form")
        browser.click("register-submit")
        browser.wait(lambda: browser.driver.current_url.endswith("#order-title"), "coming back")
        browser.screenshot(screenshots, "16-phone-registered")
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        browser.open("/")
        assert session(browser)["kind"] == "account"
