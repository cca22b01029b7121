"""Ways in which token exchange has been abused: nobody gains more by it than they had."""

import pytest

from exchange_target import (ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN, Token, claims_of, granted,
                             refused)


def as_token(body, scope=""):
    """What was issued, as the subject of the next exchange."""
    return Token({"token": body["access_token"], "type": body["issued_token_type"], "scope": scope})


def scope_of(target, answer):
    """The scope that was granted, or none if the request was refused for its scope."""
    if answer.status_code != 200:
        refused(answer, "invalid_scope")
        return set()
    return set(target.say(answer.json()["access_token"]).get("scope", "").split())


# Whose token it is


def test_another_clients_token_is_no_subject(target):
    """A client that has come by a token issued to another turns it into one of its own."""
    refused(target.exchange(target.token("foreign")))
    refused(target.exchange(client=target.other_client("other")))


def test_a_public_client_needs_somebody_who_vouches(target):
    """2.1: "omitting client authentication allows for a compromised token to be leveraged via an STS
    into other tokens by anyone possessing the compromised token." The same token twice is no
    voucher."""
    client, subject = target.other_client("public"), target.token("public_subject")
    refused(target.exchange(subject, client=client), "unauthorized_client", "invalid_client", "invalid_request")
    refused(target.exchange(subject, subject, client=client),
            "unauthorized_client", "invalid_client", "invalid_request")


def test_refusals_do_not_tell_why(target):
    """Whether a token is somebody else's, dead or nonsense is nobody's business."""
    answers = [target.exchange(target.token(name)) for name in ("foreign", "expired", "revoked")]
    answers.append(target.exchange(subject_token="nobody's", subject_token_type=ACCESS_TOKEN))
    assert len({answer.text for answer in answers}) == 1


# Scope


def test_scope_is_not_widened(target):
    """A scope that the subject token has not."""
    wide = target.need("values.wide_scope")
    subject = target.token("subject")
    assert wide not in subject.scope.split()
    assert wide not in scope_of(target, target.exchange(scope=f"{subject.scope} {wide}"))
    assert wide not in scope_of(target, target.exchange(scope=wide))


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, JWT, ID_TOKEN])
def test_narrowed_is_narrowed(target, kind):
    """What one exchange has given up, the next does not give back, whatever type lies between: an ID
    token does not launder a narrow access token."""
    if kind not in target.need("values.requested_types"):
        pytest.skip(f"values.requested_types: the issuer gives no {kind}")
    narrow, all_scope = target.need("values.narrow_scope"), target.token("subject").scope
    link = as_token(granted(target.exchange(scope=narrow, requested_token_type=kind)))
    if link.type not in target.need("values.subject_types"):
        pytest.skip(f"values.subject_types: the issuer takes no {link.type}")
    for asked in (all_scope, None):
        assert scope_of(target, target.exchange(link, scope=asked)) <= set(narrow.split())


def test_the_actors_token_limits_too(target):
    """A delegated token says no more than the actor's own token allows it."""
    actor = target.token("narrow_actor")
    got = scope_of(target, target.exchange(target.token("subject"), actor, scope=target.token("subject").scope))
    assert got <= set(actor.scope.split())


def test_there_is_no_way_to_stay(target):
    """`offline_access`, and a refresh token asked for by type: authority without an end."""
    answer = target.exchange(scope=f"{target.token('subject').scope} offline_access")
    if answer.status_code == 200:
        assert "refresh_token" not in answer.json()
    else:
        refused(answer, "invalid_scope", "invalid_request")
    if REFRESH_TOKEN not in target.need("values.requested_types"):
        refused(target.exchange(requested_token_type=REFRESH_TOKEN))


# Time


def test_a_row_of_exchanges_prolongs_nothing(target):
    """Each exchange of what the last one gave ends no later."""
    kind = target.need("values.readable_type")
    body = granted(target.exchange(requested_token_type=kind))
    ends = target.say(body["access_token"])["exp"]
    for _ in range(4):
        body = granted(target.exchange(as_token(body), requested_token_type=kind))
        assert target.say(body["access_token"])["exp"] <= ends


# Target


@pytest.mark.parametrize("parameter", ["audience", "resource"])
def test_a_target_in_disguise_is_refused(target, parameter):
    """A target that the client may name, with something hung on."""
    good = target.need(f"values.{parameter}")
    for value in (good + "/..", good + "/../x", good + "\n", good + "%00", f"{good},{good}x", good.upper() + "X",
                  good + "@evil.example", " " + good):
        refused(target.exchange(**{parameter: value}), "invalid_target", "invalid_request")


# Who acts


def test_an_actor_needs_the_right_to_act(target):
    """Impersonating without the grant."""
    refused(target.exchange(actor=target.token("unentitled_actor")))


def test_nobody_acts_for_an_administrator(target):
    """An impersonator that reaches somebody with more rights than itself takes the server over."""
    refused(target.exchange(target.token("unreachable_subject"), target.token("actor")))


def test_subject_and_actor_are_not_swapped(target):
    """The subject does not act for the actor."""
    refused(target.exchange(target.token("actor"), target.token("subject")))


def test_a_delegated_token_does_not_delegate(target):
    """What was obtained for a subject is no proof that the subject itself acts."""
    kind = target.need("values.readable_type")
    borrowed = as_token(granted(target.delegate(requested_token_type=kind)))
    refused(target.exchange(target.token("subject_of_somebody_else"), borrowed))


def test_acting_for_oneself_adds_nobody(target):
    """Subject and actor are the same: the new token is the subject's, or there is none."""
    subject = target.token("subject")
    answer = target.exchange(subject, subject, requested_token_type=target.need("values.readable_type"))
    if answer.status_code != 200:
        refused(answer)
        return
    said = target.say(answer.json()["access_token"])
    assert said["sub"] == subject.sub
    assert said.get("act", {"sub": subject.sub})["sub"] == subject.sub


@pytest.mark.parametrize("extra", [
    {"act": '{"sub":"admin"}'}, {"act[sub]": "admin"}, {"may_act": '{"sub":"admin"}'},
    {"sub": "admin"}, {"requested_subject": "admin"}, {"requested_issuer": "https://evil.example"},
    {"subject_issuer": "https://evil.example"}, {"on_behalf_of": "admin"}, {"assertion": "x"},
], ids=lambda extra: next(iter(extra)))
def test_nobody_is_named_beside_the_tokens(target, extra):
    """A forged `act`, and what other servers have added: only the two tokens say who is meant."""
    kind = target.need("values.readable_type")
    answer = target.exchange(requested_token_type=kind, **extra)
    if answer.status_code != 200:
        refused(answer)
        return
    said = target.say(answer.json()["access_token"])
    assert said["sub"] == target.token("subject").sub
    assert "act" not in said


def test_a_chain_has_an_end(target):
    """Two services that hand a token to and fro make it longer for ever."""
    longest = target.need("values.longest_chain")
    kind = target.need("values.readable_type")
    actor, body = target.token("actor"), None
    for _ in range(longest):
        subject = as_token(body) if body else target.token("subject")
        body = granted(target.exchange(subject, actor, requested_token_type=kind))
    refused(target.exchange(as_token(body), actor, requested_token_type=kind))


def test_who_acted_is_not_shaken_off(target):
    """A delegated token, exchanged for any type, still says who acts, or is refused."""
    link = as_token(granted(target.delegate()))
    for kind in target.need("values.requested_types"):
        answer = target.exchange(link, requested_token_type=kind)
        if answer.status_code != 200:
            refused(answer)
            continue
        body = answer.json()
        tokens = [body["access_token"], *([body["id_token"]] if "id_token" in body else [])]
        for token in tokens:
            said = claims_of(token) or target.introspect(token)
            assert said["act"]["sub"] == target.token("actor").sub


# How it is sent


@pytest.mark.parametrize("dress", ["Bearer {}", " {}", "{} ", "\"{}\"", "{}\n", "{}#", "{},{}"])
def test_a_token_is_taken_as_it_is(target, dress):
    """What is nearly a token is none."""
    text = target.token("subject").text
    refused(target.exchange(subject_token=dress.format(text, text)))


def test_the_first_client_is_not_the_second(target):
    """`client_id` beside Authorization, or twice, names somebody else than who has authenticated."""
    client, other = target.other_client("basic"), target.other_client("other")
    answer = target.http.post(target.metadata["token_endpoint"], auth=(client.id, client.secret), timeout=30,
                              data={**target.fields(), "client_id": other.id})
    refused(answer, "invalid_request", "invalid_client")
    twice = [*target.fields().items(), ("client_id", client.id), ("client_id", other.id),
             ("client_secret", client.secret)]
    answer = target.http.post(target.metadata["token_endpoint"], data=twice, timeout=30)
    refused(answer, "invalid_request", "invalid_client")


@pytest.mark.parametrize("size", [10_000, 200_000])
def test_a_huge_token_is_refused(target, size):
    """A body that is too large is refused as such; nothing breaks."""
    answer = target.exchange(subject_token="x" * size)
    assert answer.status_code in (400, 413)
    granted(target.exchange())
