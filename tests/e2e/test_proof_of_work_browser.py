"""Proof of work in a real Chromium: the shop's script does it unseen, and a form's page by itself."""

import time

import pytest

from browser import Browser
from conftest import RULES
from vestibule_process import Shop, Vestibule

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """The shop behind a gateway where every guest costs work, as much as is asked for by default."""
    directory = tmp_path_factory.mktemp("busy")
    shop = Shop(directory / "shop")
    vestibule = Vestibule(directory / "vestibule", application=True, upstream=shop.url, config={
        "gateway": {"rules": RULES}, "limits": {"proof_of_work": "always"},
        "applications": [shop.application()]})
    vestibule.start()
    shop.start(vestibule.issuer, vestibule.application)
    yield vestibule
    vestibule.stop()
    shop.stop()


def test_the_shops_script_works_and_the_visitor_sees_nothing_of_it(busy):
    with Browser(busy.application) as browser:
        browser.open("/")
        browser.click("add-to-cart-teapot")
        browser.wait_attribute("cart-count", "data-count", "1")
        status, text = browser.fetch("GET", "/guest/v1/session")
        assert status == 200 and '"kind":"guest"' in text


def test_a_form_without_the_shops_script_is_sent_again(busy):
    with Browser(busy.application) as browser:
        browser.open("/")
        # As a browser sends a form that no script has taken hold of.
        browser.driver.execute_script("""
            const form = document.createElement("form");
            form.method = "post";
            form.action = "/api/cart/items";
            for (const [name, value] of [["product_id", "teapot"], ["quantity", "3"], ["submit", "x"]]) {
              const field = document.createElement("input");
              [field.type, field.name, field.value] = ["hidden", name, value];
              form.append(field);
            }
            document.body.append(form);
            HTMLFormElement.prototype.submit.call(form);""")
        browser.wait(lambda: browser.fetch("GET", "/api/cart")[1].find('"count":3') > 0,
                     "the form's three teapots")


def test_what_it_costs(busy, record_property):
    """Not a limit: the figure for the decision, with the script that is shipped."""
    with Browser(busy.application) as browser:
        browser.open("/")
        browser.driver.set_script_timeout(120)
        begun = time.monotonic()
        proofs = browser.driver.execute_async_script("""
            const done = arguments[arguments.length - 1];
            import("/guest/v1/proof-of-work.js").then(async ({ solve }) => {
              const proofs = [];
              for (let i = 0; i < 20; i++) {
                proofs.push(await solve({ challenge: "A".repeat(55) + String(i).padStart(3, "0"), bits: 16 }));
              }
              done(proofs);
            });""")
        record_property("milliseconds_for_16_bits", 1000 * (time.monotonic() - begun) / 20)
        assert len(set(proofs)) == 20
