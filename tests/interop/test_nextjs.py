"""The story of a guest in the shop of examples/nextjs, which is written for ZITADEL's guide and
knows nothing of Vestibule: real Next.js, real NextAuth 4, real Chromium, both kinds of client."""

import re
import secrets
import time

import jwt
import pytest
import requests

from browser import Browser
from nextjs_shop import GUEST_COOKIE, NextShop, build
from people import change_client
from vestibule_process import wait_for

PASSWORD = "Harbour-antique-9!"


@pytest.fixture(scope="module")
def built():
    build()


@pytest.fixture(scope="module", params=["public", "confidential"])
def shop(request, built, tmp_path_factory):
    running = NextShop(tmp_path_factory.mktemp(request.param), request.param == "public").start()
    assert ("secret" in running.vestibule.bootstrap["client"]) == (request.param == "confidential")
    yield running
    running.end()


@pytest.fixture
def browser(shop):
    with Browser(shop.url) as browser:
        yield browser


def sub_of(browser):
    return browser.find("whoami").get_attribute("data-sub")


def kind_of(browser):
    return browser.find("whoami").get_attribute("data-kind")


def lines(browser):
    found = {}
    for product in ("lamp", "vase", "mug"):
        for line in browser.all(f"cart-line-{product}"):
            found[product] = int(line.get_attribute("data-quantity"))
    return found


def add(browser, product, quantity=1):
    browser.click(f"add-to-cart-{product}")
    browser.wait_attribute(f"cart-line-{product}", "data-quantity", str(quantity))


def new_guest(browser, *products):
    browser.open("/")
    for product in products:
        add(browser, product)
    assert kind_of(browser) == "guest"
    return sub_of(browser)


def new_email():
    return f"jane-{secrets.token_hex(6)}@example.com"


def fill_in(browser, email, password):
    browser.visible("register-form")
    for name, text in (("given_name", "Jane"), ("family_name", "Doe"), ("email", email),
                       ("password", password)):
        browser.type(name, text, "register-form")
    browser.click("register-submit")


def pass_sign_in_page(browser, name=None):
    """At the provider; `name` unless the shop has told it."""
    field = browser.by_id("username")
    if name:
        field.send_keys(name)
    browser.by_id("password").send_keys(PASSWORD)
    browser.by_id("login-submit").click()
    browser.wait(lambda: browser.all("whoami") and kind_of(browser) == "account", "the account")


def register(browser):
    """The guest's address, once it has become an account and has signed in."""
    email = new_email()
    browser.open("/checkout")
    fill_in(browser, email, PASSWORD)
    pass_sign_in_page(browser)
    return email


@pytest.fixture(scope="module")
def account(shop):
    """(`sub`, address) of somebody who has registered in the shop with a lamp in the cart."""
    with Browser(shop.url) as browser:
        sub = new_guest(browser, "lamp")
        return sub, register(browser)


def plus(cart, **more):
    return {product: cart.get(product, 0) + more.get(product, 0) for product in cart | more}


def verified(shop, token):
    issuer = shop.vestibule.issuer
    key = jwt.PyJWKClient(issuer + "/oauth/v2/keys").get_signing_key_from_jwt(token).key
    return jwt.decode(token, key, algorithms=["ES256", "RS256"], issuer=issuer,
                      audience=shop.vestibule.bootstrap["client"]["id"])


def test_the_first_click_makes_a_guest(shop, browser):
    before = shop.humans()
    browser.open("/").visible("add-to-cart-lamp")
    assert kind_of(browser) == "nobody" and browser.all("cart-empty")
    assert GUEST_COOKIE not in browser.cookies() and shop.humans() == before

    add(browser, "lamp")
    sub = sub_of(browser)
    assert kind_of(browser) == "guest" and shop.humans() - before == {sub}
    assert shop.tags(sub) == [time.strftime("GUEST_%y_%m_%d", time.gmtime())]
    assert shop.carts()[sub] == {"lamp": 1}

    cookie = browser.cookies()[GUEST_COOKIE]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"
    assert GUEST_COOKIE not in browser.driver.execute_script("return document.cookie")
    claims = verified(shop, cookie["value"])
    assert claims["sub"] == sub
    assert claims["act"]["sub"] == shop.vestibule.bootstrap["service_account"]["id"]

    # More clicks are the same guest's, also two at once.
    browser.driver.execute_script(
        """const press = document.querySelector('[data-testid="add-to-cart-vase"]');
           press.click(); press.click();""")
    browser.wait_attribute("cart-line-vase", "data-quantity", "2")
    browser.click("remove-lamp")
    browser.wait(lambda: not browser.all("cart-line-lamp"), "the lamp to be gone")
    assert sub_of(browser) == sub and shop.humans() - before == {sub}


def press(page, testid, url, origin=None):
    """Sends the form of a button without any script, as a browser that has none would."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.S) if testid in form)
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        fields[name[1]] = (None, value[1] if value else "")
    return requests.post(url, files=fields, timeout=20, headers={"Origin": origin or url})


def test_no_first_click_fails(shop):
    """At ZITADEL many do: what it has just made it cannot yet find."""
    page = requests.get(shop.url, timeout=20).text
    subs = set()
    for _ in range(30):
        answer = press(page, "add-to-cart-mug", shop.url)
        assert answer.status_code == 200, answer.text
        assert re.search(r'data-testid="cart-line-mug"[^>]*data-quantity="1"', answer.text)
        subs.add(verified(shop, answer.cookies[GUEST_COOKIE])["sub"])
    assert len(subs) == 30


def test_a_guest_registers_and_stays_the_same(shop, browser):
    sub = new_guest(browser, "lamp", "mug")
    (tag,) = shop.tags(sub)
    email = new_email()
    browser.open("/checkout")
    fill_in(browser, email, "short")
    assert browser.text("register-error") == "Password is too short"
    assert sub_of(browser) == sub and shop.tags(sub) == [tag]

    fill_in(browser, email, PASSWORD)
    assert browser.by_id("username").get_attribute("value") == email
    pass_sign_in_page(browser)
    browser.visible("ready")
    assert sub_of(browser) == sub and lines(browser) == {"lamp": 1, "mug": 1}
    assert GUEST_COOKIE not in browser.cookies()
    assert browser.text("whoami") == "Jane Doe"
    assert shop.tags(sub) == []
    human = shop.user(sub)["human"]
    assert human["email"]["email"] == email
    assert human["profile"]["displayName"] == "Jane Doe"
    # The purge of everything leaves customers alone.
    shop.vestibule.command("purge", "--older-than", "0s", "--json", "--force")
    assert shop.exists(sub)
    # Another guest cannot have that address.
    with Browser(shop.url) as other:
        guest = new_guest(other, "mug")
        other.open("/checkout")
        fill_in(other, email, PASSWORD)
        assert "Sign in" in other.text("register-error")
        assert sub_of(other) == guest and shop.tags(guest)


def test_a_guest_who_has_an_account_is_merged_into_it(shop, account, browser):
    sub, email = account
    before = shop.carts()[sub]
    guest = new_guest(browser, "lamp", "vase")
    token = browser.cookies()[GUEST_COOKIE]["value"]
    browser.click("sign-in")
    browser.by_id("username")
    # Asking is not yet signing in.
    assert shop.exists(guest) and shop.carts()[guest] == {"lamp": 1, "vase": 1}

    pass_sign_in_page(browser, email)
    assert sub_of(browser) == sub and lines(browser) == plus(before, lamp=1, vase=1)
    assert guest not in shop.carts() and not shop.exists(guest)
    assert GUEST_COOKIE not in browser.cookies()
    dead = requests.get(shop.vestibule.issuer + "/oidc/v1/userinfo", timeout=20,
                        headers={"Authorization": f"Bearer {token}"})
    assert dead.status_code == 401


def test_a_guest_is_not_deleted_before_its_cart_is_safe(shop, account, browser):
    sub, email = account
    before = shop.carts()[sub]
    guest = new_guest(browser, "vase")
    blocked = shop.directory / "data/carts.json.new"
    blocked.mkdir()  # where the shop would write
    browser.click("sign-in")
    pass_sign_in_page(browser, email)
    assert sub_of(browser) == sub and lines(browser) == before
    assert shop.exists(guest) and GUEST_COOKIE in browser.cookies()
    assert shop.carts()[guest] == {"vase": 1}

    blocked.rmdir()
    add(browser, "mug", before.get("mug", 0) + 1)
    assert lines(browser) == plus(before, vase=1, mug=1)
    assert not shop.exists(guest) and GUEST_COOKIE not in browser.cookies()


def test_a_registered_customer_is_never_merged_away(shop, account, browser):
    """By a cookie from before the registration, which somebody has kept."""
    sub, email = account
    before = shop.carts()[sub]
    other = new_guest(browser, "vase")
    kept = browser.cookies()[GUEST_COOKIE]["value"]
    register(browser)
    with Browser(shop.url) as thief:
        thief.open("/")
        thief.driver.add_cookie({"name": GUEST_COOKIE, "value": kept, "httpOnly": True})
        thief.click("sign-in")
        pass_sign_in_page(thief, email)
        assert sub_of(thief) == sub and lines(thief) == before
    assert shop.exists(other) and shop.carts()[other] == {"vase": 1}


def test_a_registration_that_was_never_finished_does_not_keep_the_cart(shop, account, browser):
    """Its name was taken, its password refused: nobody's guest any more, and not yet a customer."""
    sub, email = account
    before = shop.carts()[sub]
    half = new_guest(browser, "vase")
    browser.open("/checkout")
    fill_in(browser, new_email(), "short")
    browser.find("register-error")
    browser.click("sign-in")
    pass_sign_in_page(browser, email)
    assert sub_of(browser) == sub and lines(browser) == plus(before, vase=1)
    assert half not in shop.carts() and GUEST_COOKIE not in browser.cookies()


@pytest.fixture
def short_tokens(shop):
    """Tokens of the shop's client expire at once."""
    def live(seconds):
        shop.vestibule.stop()
        change_client(shop.vestibule, shop.vestibule.bootstrap["client"]["id"],
                      access_token_lifetime=seconds)
        shop.vestibule.start()

    live(1)
    yield
    live(43199)


def expired_token(shop, browser):
    token = browser.cookies()[GUEST_COOKIE]["value"]

    def is_expired():
        try:
            verified(shop, token)
        except jwt.ExpiredSignatureError:
            return True

    wait_for(is_expired, "the token's end")
    return token


def test_a_guest_outlives_its_token(shop, short_tokens, browser):
    guest = new_guest(browser, "lamp")
    token = expired_token(shop, browser)
    browser.open("/")
    assert sub_of(browser) == guest and lines(browser) == {"lamp": 1}
    add(browser, "lamp", 2)
    assert sub_of(browser) == guest and browser.cookies()[GUEST_COOKIE]["value"] != token
    # Without the guest there is nothing to renew, and the click makes another.
    expired_token(shop, browser)
    assert shop.call("DELETE", f"/v2/users/{guest}").status_code == 200
    add(browser, "mug")
    assert kind_of(browser) == "guest" and sub_of(browser) != guest
    assert lines(browser) == {"mug": 1}


def test_signing_out_ends_the_session_here_and_there(shop, account, browser):
    _, email = account
    browser.open("/").click("sign-in")
    pass_sign_in_page(browser, email)
    browser.click("sign-out")
    browser.wait(lambda: browser.all("whoami") and kind_of(browser) == "nobody", "nobody")
    assert browser.driver.current_url == shop.url + "/"
    assert not [name for name in browser.cookies() if "session" in name]
    browser.open(shop.vestibule.issuer + "/ui/applications")
    browser.by_id("username")  # asks who it is


def test_a_cart_outlives_a_killed_provider(shop, browser):
    guest = new_guest(browser, "lamp")
    shop.vestibule.kill()
    # Keys were fetched before, so who is known stays known.
    browser.open("/")
    assert sub_of(browser) == guest and lines(browser) == {"lamp": 1}
    page = requests.get(shop.url, timeout=20).text
    assert press(page, "add-to-cart-mug", shop.url).status_code >= 500
    shop.vestibule.start()
    add(browser, "lamp", 2)
    assert sub_of(browser) == guest and shop.exists(guest)
    register(browser)
    assert sub_of(browser) == guest and lines(browser) == {"lamp": 2}


def forged(shop, token):
    """Cookies that are none of the shop's, each by what is wrong with it."""
    header, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    stranger = {**claims, "sub": "1"}
    keys = requests.get(shop.vestibule.issuer + "/oauth/v2/keys", timeout=20).text
    yield "no token", "guest"
    yield "cut off", token[:-20]
    yield "no signature", f"{header}.{payload}."
    yield "other signature", f"{header}.{payload}.{signature[::-1]}"
    yield "other subject", f"{header}.{jwt.encode(stranger, 'k').split('.')[1]}.{signature}"
    yield "algorithm none", jwt.encode(stranger, None, algorithm="none")
    yield "a secret of one's own", jwt.encode(stranger, keys, algorithm="HS256")


def test_nobody_is_somebody_by_a_cookie_of_their_own(shop, browser):
    guest = new_guest(browser, "lamp")
    for what, cookie in forged(shop, browser.cookies()[GUEST_COOKIE]["value"]):
        answer = requests.get(shop.url, cookies={GUEST_COOKIE: cookie}, timeout=20)
        assert answer.status_code == 200 and 'data-kind="nobody"' in answer.text, what
        assert guest not in answer.text and "cart-line" not in answer.text, what


def test_a_request_from_another_site_changes_nothing(shop):
    before = shop.humans()
    page = requests.get(shop.url, timeout=20).text
    answer = press(page, "add-to-cart-mug", shop.url, origin="https://evil.example")
    assert answer.status_code >= 400 and GUEST_COOKIE not in answer.cookies
    assert shop.humans() == before
