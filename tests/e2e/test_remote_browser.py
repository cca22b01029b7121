"""The story with a remote ZITADEL, lived in a real Chromium with the demo shop."""

import json

import pytest

from browser import Browser
from remote import PASSWORD, Demo
from vestibule_process import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    running = Demo(tmp_path_factory.mktemp("demo")).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def jane(demo):
    with Browser(demo.url) as browser:
        yield browser


def session(browser):
    def ask():
        status, text = browser.fetch("GET", "/guest/v1/session")
        return json.loads(text) if status == 200 else None

    return browser.wait(ask, "GET session")


def add_to_cart(browser, product):
    browser.open("/")
    before = int(browser.find("cart-count").get_attribute("data-count") or 0)
    browser.click(f"add-to-cart-{product}")
    browser.wait_attribute("cart-count", "data-count", str(before + 1))


def sign_in(browser, demo, name):
    browser.open("/")
    browser.click("sign-in")
    browser.by_id("username").send_keys(name)
    assert browser.driver.current_url.startswith(demo.zitadel.issuer)
    browser.by_id("password").send_keys(PASSWORD)
    browser.by_id("login-submit").click()
    browser.wait(lambda: browser.driver.current_url.startswith(demo.url)
                 and session(browser).get("kind") == "account", "being signed in")


def test_1_the_first_click_makes_a_guest_there(demo, jane):
    jane.open("/")
    jane.visible("products")
    assert demo.zitadel.humans() == set() and session(jane) == {"signed_in": False}
    add_to_cart(jane, "vase")
    who = session(jane)
    assert who["kind"] == "guest" and demo.zitadel.humans() == {who["sub"]}
    token = json.loads(jane.fetch("GET", "/api/token")[1])
    assert token["claims"]["iss"] == demo.zitadel.issuer
    assert token["claims"]["sub"] == who["sub"]


def test_2_registering_keeps_the_sub_and_the_cart(demo, jane, screenshots):
    before = session(jane)["sub"]
    jane.open("/checkout")
    jane.visible("register-form")
    for name, text in (("given_name", "Jane"), ("family_name", "Doe"),
                       ("email", "jane@example.com"), ("password", PASSWORD)):
        jane.type(name, text, "register-form")
    jane.click("register-submit")
    jane.wait(lambda: session(jane).get("kind") == "account", "the account")
    assert session(jane)["sub"] == before and demo.zitadel.tags(before) == []
    jane.open("/cart")
    assert jane.find("quantity-vase").get_attribute("value") == "1"
    jane.screenshot(screenshots, "remote-2-account")


def test_3_sign_out_and_in_at_the_remote(demo, jane):
    before = session(jane)["sub"]
    demo.zitadel.prove_email(before)
    jane.open("/")
    jane.click("sign-out")
    jane.wait(lambda: session(jane)["signed_in"] is False, "being signed out")
    sign_in(jane, demo, "jane@example.com")
    assert session(jane)["sub"] == before


def test_4_a_guest_is_merged_and_deleted_there(demo, screenshots):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "teapot")
        guest = session(browser)["sub"]
        sign_in(browser, demo, "jane@example.com")
        account = session(browser)["sub"]
        assert account != guest
        browser.open("/cart")
        assert browser.find("quantity-vase").get_attribute("value") == "1"
        assert browser.find("quantity-teapot").get_attribute("value") == "1"
        browser.screenshot(screenshots, "remote-4-merged")
        wait_for(lambda: demo.zitadel.humans() == {account}, "the guest's deletion there", 30)


def test_5_forget_me(demo):
    with Browser(demo.url) as browser:
        add_to_cart(browser, "mug")
        guest = session(browser)["sub"]
        browser.open("/")
        browser.click("forget-me")
        browser.click("forget-confirm")
        browser.wait(lambda: session(browser)["signed_in"] is False, "being forgotten")
        wait_for(lambda: demo.zitadel.find(guest) is None, "the deletion there", 30)
