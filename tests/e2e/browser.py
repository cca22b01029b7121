"""A person in a real Chromium."""

import tempfile

from selenium import webdriver
from selenium.common.exceptions import (JavascriptException, StaleElementReferenceException,
                                        TimeoutException)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait


class Browser:
    """One browser profile: one person at one computer. `flags` come after ours, and win."""

    def __init__(self, url, width=1280, height=900, flags=()):
        self.url = url
        self.profile = tempfile.TemporaryDirectory(prefix="vestibule-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                     "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                     "--host-resolver-rules=MAP localhost 127.0.0.1",
                     f"--window-size={width},{height}",
                     f"--user-data-dir={self.profile.name}", *flags]:
            options.add_argument(flag)
        options.add_experimental_option("excludeSwitches", ["enable-logging"])
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self.profile.cleanup()

    def open(self, path="/"):
        self.driver.get(path if "://" in path else self.url + path)
        return self

    def wait(self, condition, what):
        return WebDriverWait(self.driver, 20, 0.05,
                             ignored_exceptions=[StaleElementReferenceException]).until(
            lambda _: condition(), what)

    def all(self, testid):
        return self.driver.find_elements(By.CSS_SELECTOR, f'[data-testid="{testid}"]')

    def find(self, testid):
        return self.wait(lambda: next(iter(self.all(testid)), None), f"element {testid}")

    def visible(self, testid):
        return self.wait(
            lambda: next((e for e in self.all(testid) if e.is_displayed()), None),
            f"visible element {testid}")

    def by_id(self, element_id):
        return self.wait(
            lambda: next(iter(self.driver.find_elements(By.ID, element_id)), None),
            f"element #{element_id}")

    def click(self, testid):
        element = self.visible(testid)
        self.driver.execute_script("arguments[0].scrollIntoView({block:'center'})", element)
        element.click()

    def text(self, testid):
        return self.find(testid).get_attribute("textContent").strip()

    def wait_text(self, testid, wanted):
        self.wait(lambda: self.all(testid) and self.text(testid) == wanted,
                  f"{testid} to be {wanted!r}")

    def wait_attribute(self, testid, name, wanted):
        self.wait(lambda: self.all(testid) and self.find(testid).get_attribute(name) == wanted,
                  f"{testid}[{name}] to be {wanted!r}")

    def type(self, name, text, form=None):
        scope = self.find(form) if form else self.driver
        field = scope.find_element(By.NAME, name)
        field.clear()
        field.send_keys(text)

    def fetch(self, method, path, body=None):
        """A same-origin fetch of the page; gives [status, text], status 0 if the page was left."""
        try:
            return self.run_fetch(method, path, body)
        except (TimeoutException, JavascriptException):
            return [0, ""]

    def run_fetch(self, method, path, body):
        return self.driver.execute_async_script(
            """const [method, path, body, done] = arguments;
               fetch(path, {method, headers: body ? {'Content-Type': 'application/json'} : {},
                            body: body ? JSON.stringify(body) : undefined})
                 .then(async r => done([r.status, await r.text()]), e => done([0, String(e)]));""",
            method, path, body)

    def cookies(self):
        """Also the httpOnly ones, of the page's host."""
        found = self.driver.execute_cdp_cmd("Network.getCookies", {"urls": [self.url + "/"]})
        return {cookie["name"]: cookie for cookie in found["cookies"]}

    def screenshot(self, folder, name):
        self.driver.save_screenshot(str(folder / f"{name}.png"))
