"""How a person confirms a device: types its code, signs in as Ada, decides."""

from people import PASSWORD
from visitor import NAVIGATION, Visitor, hidden_field


def sign_in(browser, location):
    page = browser.get(location, headers=NAVIGATION)
    assert page.status_code == 200 and 'id="login-submit"' in page.text, page.text
    answer = browser.post("/ui/login", data={"request": hidden_field(page.text, "request"),
                                             "username": "ada", "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"], headers=NAVIGATION)


def confirmation(server, begun, browser=None):
    """(browser, the confirmation page) after typing the code and signing in. A browser that is given
    knows its server."""
    browser = browser or Visitor(server.issuer)
    typed = browser.post("/device", data={"user_code": begun["user_code"].lower()})
    assert typed.status_code == 303, typed.text
    page = browser.get(typed.headers["Location"], headers=NAVIGATION)
    if page.status_code == 303:
        page = sign_in(browser, page.headers["Location"])
    assert page.status_code == 200, page.text
    return browser, page.text


def decide(browser, page, decision, **changes):
    return browser.post("/device/decision", data={"consent": hidden_field(page, "consent"),
                                                  "decision": decision}, **changes)
