"""The named commit points: every statement of the sources that writes. A new one is found here."""

import re

from vestibule_process import ROOT

LITERAL = r'"(?:[^"\\]|\\.)*"'
STATEMENT = re.compile(r"\bstore::Statement\s+(\w+)\s*[{(]\s*")
# What no visitor waits for, or nobody in here does, and where it is tried instead.
ELSEWHERE = {
    "epoch.": "a backup is restored",
    "erasures.forget": "the log of erasures",
    "outbox.delete_of_application": "an application that is configured no more",
    "purge_runs.interrupted": "src/lifecycle/purge_test.cpp; here as the kill at purge_runs.count",
    "purge_runs.forget": "src/lifecycle",
    "mail_jobs.delete_leased": "mail that fails (tests/e2e/test_mail_smtp.py)",
    "mail_jobs.postpone": "mail that fails (tests/e2e/test_mail_smtp.py)",
    "mail_jobs.reschedule": "mail that fails (tests/e2e/test_mail_smtp.py)",
    "mail_links.delete_codes": "codes of ZITADEL's API (src/zitadel)",
    "email_claims.delete_address": "several claims of one address (src/accounts/emails_test.cpp)",
    "directory.release": "changes of a name (src/accounts)",
    "user_profiles.": "standard claims (tests/e2e/test_claims.py)",
    "user_metadata.delete_prefix": "src/accounts/metadata_test.cpp",
    "codes.erase_user_client": "clients of others (tests/e2e/test_consent.py)",
    "refresh_families.erase_user": "clients of others (tests/e2e/test_consent.py)",
    "refresh_families.erase_session": "sign-out at the provider (tests/e2e/test_end_session.py)",
    "sessions.end_children": "sign-out at the provider (tests/e2e/test_end_session.py)",
    "codes.erase_session": "sign-out at the provider (tests/e2e/test_end_session.py)",
    "remote_": "before a remote ZITADEL (tests/e2e/test_remote_sagas.py)",
    "organizations.": "made once, by bootstrap",
    "signing_keys_": "keys: src/keys, tests/e2e/test_key_rotation.py",
    "clients.": "administration of clients",
    "client_actors.": "administration of clients",
    "service_grants.": "administration of service accounts",
    "personal_tokens.": "administration of service accounts",
    "machine_": "administration of service accounts",
    "credentials.set_machine_secret": "administration of service accounts",
    "credentials.delete_machine_secret": "administration of service accounts",
    "device_codes.": "devices (tests/e2e/test_device.py)",
    "consents.": "clients of others (tests/e2e/test_consent.py)",
    "pushed_requests.": "clients of others (tests/e2e/test_authorization_request.py)",
    "used_assertions.": "clients of others (tests/e2e/test_client_authentication.py)",
    "logout_notices.": "clients of others (tests/e2e/test_backchannel_logout.py)",
    "session_clients.": "clients of others (tests/e2e/test_backchannel_logout.py)",
}


def sources():
    return [path for path in sorted((ROOT / "src").rglob("*"))
            if path.suffix in (".h", ".cpp") and not re.search(r"_test\.|test_|testing|/world\.h",
                                                               str(path.relative_to(ROOT)))]


def unquote(literal):
    return literal[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def macros(texts):
    found = {}
    for text in texts:
        for name, body in re.findall(r"#define (VESTIBULE_\w+)((?:.*\\\n)*.*)", text):
            found[name] = body
    return found


def join(pieces, known):
    """A string literal in pieces, macros among them."""
    sql = ""
    for piece in re.findall(LITERAL + r"|VESTIBULE_\w+", pieces):
        sql += unquote(piece) if piece.startswith('"') else join(known[piece], known)
    return sql


def all_statements():
    """Name and text of every statement."""
    texts = [re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.M) for path in sources()]
    known = macros(texts)
    found = []
    for text in texts:
        for begin in STATEMENT.finditer(text):
            body = re.match(rf'({LITERAL}),\s*((?:{LITERAL}|VESTIBULE_\w+|\s+)+)[}})]',
                            text[begin.end():])
            assert body, f"a statement that is not understood: {text[begin.start():][:200]}"
            found.append((unquote(body[1]), join(body[2], known)))
    return found


def writing_statements():
    """Those that change something, by name; one name may have several texts."""
    found = {}
    for name, sql in all_statements():
        if re.match(r"\s*(insert|update|delete|with)\b", sql):
            found.setdefault(name, set()).add(sql)
    return found


def is_elsewhere(name):
    """A prefix with a dot or an underscore at its end stands for all that begin so."""
    return any(name == prefix or prefix[-1] in "._" and name.startswith(prefix)
               for prefix in ELSEWHERE)
