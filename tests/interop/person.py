"""What somebody does in a browser for a client that is under test."""

import secrets

from people import PASSWORD, add_user
from visitor import NAVIGATION, Visitor, hidden_field, query_of


class Person:
    """Has an account with a proved address, and a browser that is signed in nowhere yet."""

    def __init__(self, provider):
        self.name = f"person-{secrets.token_hex(6)}"
        self.email = self.name + "@example.com"
        self.sub = add_user(provider.vestibule, {
            "preferred_username": self.name, "given_name": "Ada", "family_name": "Byron",
            "email": self.email, "email_verified": True})["sub"]
        self.browser = Visitor(provider.issuer)

    def _sign_in(self, location):
        """Fills in the sign-in page; gives the answer of where it leads."""
        page = self.browser.get(location, headers=NAVIGATION)
        answer = self.browser.post("/ui/login", data={
            "request": hidden_field(page.text, "request"), "username": self.name,
            "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return self.browser.get(answer.headers["Location"], headers=NAVIGATION)

    def authorize(self, url):
        """Opens an authorization URL, signs in if asked, and gives the URL that leads back."""
        leaving = self.browser.get(url, headers=NAVIGATION)
        if leaving.status_code in (302, 303) and leaving.headers["Location"].startswith("/ui/login"):
            leaving = self._sign_in(leaving.headers["Location"])
        assert leaving.status_code in (302, 303), leaving.text
        return leaving.headers["Location"]

    def follow(self, url):
        """Opens a URL of the provider that leads away without a question; gives where."""
        while url.startswith(("/", self.browser.origin)):
            leaving = self.browser.get(url, headers=NAVIGATION)
            assert leaving.status_code in (302, 303), leaving.text
            url = leaving.headers["Location"]
        return url

    def decide_device(self, url, decision="allow"):
        """Opens a device's complete verification URL, signs in, and allows or denies it."""
        self.browser.get(url, headers=NAVIGATION)
        typed = self.browser.post("/device", data={"user_code": query_of(url)["user_code"]})
        assert typed.status_code == 303, typed.text
        page = self.browser.get(typed.headers["Location"], headers=NAVIGATION)
        if page.status_code == 303:
            page = self._sign_in(page.headers["Location"])
        answer = self.browser.post("/device/decision", data={
            "consent": hidden_field(page.text, "consent"), "decision": decision})
        assert answer.status_code in (200, 303), answer.text

    @property
    def is_signed_in(self):
        """Whether the provider still knows the browser."""
        answer = self.browser.get("/ui/applications", headers=NAVIGATION)
        return answer.status_code == 200
