//! What the library can do: one function a feature.

use std::str::FromStr;
use std::time::Duration;

use openidconnect::core::*;
use openidconnect::registration::EmptyAdditionalClientMetadata;
use openidconnect::*;

use crate::http::send;
use crate::party::Party;
use crate::world::{parameter, refused, tampered, Outcome, World};

pub fn sign_in(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let tokens = party.sign_in(&[])?;
    assert_eq!(tokens.token_type(), &CoreTokenType::Bearer);
    let person = party.user_info(tokens.access_token())?;
    assert_eq!(person.preferred_username().map(|name| name.as_str()), Some("ada"));
    assert_eq!(person.email_verified(), Some(true));
    Ok(())
}

pub fn sign_in_with_post(world: &World) -> Outcome {
    let mut party = Party::of(world, "web")?;
    party.client = party.client.set_auth_type(AuthType::RequestBody);
    party.sign_in(&[]).map(|_| ())
}

pub fn public_sign_in(world: &World) -> Outcome {
    let party = Party::of(world, "public")?;
    let tokens = party.sign_in(&[])?;
    party.user_info(tokens.access_token())?;
    party.refresh(tokens.refresh_token().ok_or("no refresh token")?).map(|_| ())
}

/// An ID token that is signed with what the client registered. Of userinfo answers the library
/// verifies RS256 alone.
pub fn signed_answers(world: &World) -> Outcome {
    let party = Party::of(world, "signed")?;
    let tokens = party.sign_in(&[])?;
    let plain = party.verifier().set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256]);
    let identity = tokens.id_token().ok_or("no ID token")?;
    refused(identity.claims(&plain, any_nonce), "DisallowedAlg");
    refused(party.user_info(tokens.access_token()), "DisallowedAlg");
    Ok(())
}

/// OpenID Connect Core 12.2: a renewed ID token need not have the nonce.
fn any_nonce(_: Option<&Nonce>) -> Result<(), String> {
    Ok(())
}

pub fn refresh(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let first = party.sign_in(&[])?;
    let token = first.refresh_token().ok_or("no refresh token")?;
    let second = party.refresh(token)?;
    let verifier = party.verifier();
    let claims = second.id_token().ok_or("no ID token")?.claims(&verifier, any_nonce)?;
    assert_eq!(claims.subject().as_str(), world.sub());
    assert_ne!(second.refresh_token().map(|new| new.secret()), Some(token.secret()));
    party.user_info(second.access_token())?;
    refused(party.refresh(&RefreshToken::new("made up".into())), "invalid_grant");
    Ok(())
}

pub fn introspect_and_revoke(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let tokens = party.sign_in(&[])?;
    let introspect = || party.client.introspect(tokens.access_token()).request(&send);
    let told = introspect()?;
    assert!(told.active());
    assert_eq!(told.sub(), Some(world.sub().as_str()));
    let token = tokens.refresh_token().ok_or("no refresh token")?;
    let revocable = CoreRevocableToken::RefreshToken(token.clone());
    party.client.revoke_token(revocable)?.request(&send)?;
    assert!(!introspect()?.active());
    refused(party.refresh(token), "invalid_grant");
    refused(party.user_info(tokens.access_token()), "401");
    Ok(())
}

pub fn sign_out(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let tokens = party.sign_in(&[])?;
    let endpoint = party.metadata.additional_metadata().end_session_endpoint.clone();
    let url = LogoutRequest::from(endpoint)
        .set_id_token_hint(tokens.id_token().ok_or("no ID token")?)
        .set_client_id(party.client.client_id().clone())
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(world.after_sign_out())?)
        .set_state(CsrfToken::new("so long".into()))
        .http_get_url();
    let mut back = world.visit(&url)?;
    assert_eq!(parameter(&back, "state"), "so long");
    back.set_query(None);
    assert_eq!(back.as_str(), world.after_sign_out());
    refused(party.user_info(tokens.access_token()), "401");
    refused(party.refresh(tokens.refresh_token().ok_or("no refresh token")?), "invalid_grant");
    refused(party.authorize(&[("prompt", "none")]), "login_required");
    Ok(())
}

/// The library verifies ID tokens; a JWT of RFC 9068 has all that it asks of one.
pub fn access_token(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let api = world.api();
    let token = party.sign_in(&[("resource", &api)])?.access_token().secret().clone();
    let read = |token: &str, audience: &str| -> Outcome<String> {
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(audience.into()),
            party.metadata.issuer().clone(),
            party.metadata.jwks().clone(),
        )
        .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256])
        .allow_all_jose_types();
        let token = CoreIdToken::from_str(token)?;
        Ok(token.claims(&verifier, any_nonce)?.subject().to_string())
    };
    assert_eq!(read(&token, &api)?, world.sub());
    refused(read(&token, &party.client.client_id().to_string()), "InvalidAudience");
    refused(read(&tampered(&token), &api), "SignatureVerification");
    Ok(())
}

pub fn device(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let begin = || party.client.exchange_device_code().add_scope(Scope::new("profile".into()));
    let details: CoreDeviceAuthorizationResponse = begin().request(&send)?;
    world.confirm(details.user_code().secret(), "allow")?;
    let poll = |details: &CoreDeviceAuthorizationResponse| -> Outcome<CoreTokenResponse> {
        let request = party.client.exchange_device_access_token(details)?;
        Ok(request.request(&send, std::thread::sleep, Some(Duration::from_secs(20)))?)
    };
    let tokens = poll(&details)?;
    assert_eq!(party.user_info(tokens.access_token())?.subject().as_str(), world.sub());
    refused(poll(&details), "invalid_grant");

    let denied: CoreDeviceAuthorizationResponse = begin().request(&send)?;
    world.confirm(denied.user_code().secret(), "deny")?;
    refused(poll(&denied), "access_denied");
    Ok(())
}

pub fn client_credentials(world: &World) -> Outcome {
    let ask = |party: &Party| -> Outcome<CoreTokenResponse> {
        Ok(party.client.exchange_client_credentials()?.request(&send)?)
    };
    let mut party = Party::of(world, "web")?;
    assert_eq!(ask(&party)?.token_type(), &CoreTokenType::Bearer);
    refused(ask(&Party::of(world, "signed")?), "unauthorized_client");
    party.client = party.client.set_client_secret(ClientSecret::new("wrong".into()));
    refused(ask(&party), "invalid_client");
    Ok(())
}

/// RFC 7591: the library registers itself, and is a stranger whom the person has to allow.
pub fn register(world: &World) -> Outcome {
    let known = Party::of(world, "web")?;
    let endpoint = known.metadata.registration_endpoint().ok_or("no registration")?.clone();
    let register = |uri: String| -> Outcome<CoreClientRegistrationResponse> {
        let uris = vec![RedirectUrl::new(uri)?];
        let request = CoreClientRegistrationRequest::new(uris, EmptyAdditionalClientMetadata {});
        let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
        Ok(request.set_userinfo_signed_response_alg(Some(algorithm)).register(&endpoint, &send)?)
    };
    let made = register(world.redirect_uri())?;
    let secret = made.client_secret().map(|secret| secret.secret().clone());
    let party = Party::with(world, made.client_id().to_string(), secret)?;
    let tokens = party.sign_in(&[])?;
    let request = party.client.user_info(tokens.access_token().clone(), None)?;
    let person: CoreUserInfoClaims = request.require_signed_response(true).request(&send)?;
    assert_eq!(person.subject().as_str(), world.sub());
    refused(register("http://evil.example/".into()), "InvalidRedirectUri");
    Ok(())
}

pub fn refusals(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let mut answer = party.authorize(&[])?;
    answer.verifier = PkceCodeChallenge::new_random_sha256().1;
    refused(party.redeem(answer), "invalid_grant");

    let answer = party.authorize(&[])?;
    let code = answer.code.secret().clone();
    let verifier = answer.verifier.secret().clone();
    let (tokens, _) = party.redeem(answer)?;
    let again = || party.client.exchange_code(AuthorizationCode::new(code.clone()));
    let used = again()?.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request(&send);
    refused(used, "invalid_grant");
    refused(party.user_info(tokens.access_token()), "401");

    let mut stranger = Party::of(world, "web")?;
    stranger.client = stranger.client.set_client_secret(ClientSecret::new("wrong".into()));
    refused(stranger.redeem(party.authorize(&[])?), "invalid_client");
    let elsewhere = IssuerUrl::new(world.issuer() + "/elsewhere")?;
    refused(CoreProviderMetadata::discover(&elsewhere, &send), "404");
    Ok(())
}

/// Refused by the library: what it verifies is worth verifying.
pub fn bad_tokens(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let (tokens, nonce) = party.redeem(party.authorize(&[])?)?;
    let identity = tokens.id_token().ok_or("no ID token")?;
    let verifier = party.verifier();
    identity.claims(&verifier, &nonce)?;
    refused(identity.claims(&verifier, &Nonce::new("another".into())), "InvalidNonce");
    let forged = CoreIdToken::from_str(&tampered(&identity.to_string()))?;
    refused(forged.claims(&verifier, &nonce), "SignatureVerification");
    let other = Party::of(world, "public")?;
    refused(identity.claims(&other.verifier(), &nonce), "InvalidAudience");
    refused(party.user_info(&AccessToken::new("made up".into())), "401");
    Ok(())
}

/// The library takes keys at discovery, and no others until it discovers again.
pub fn keys_rotate(world: &World) -> Outcome {
    let party = Party::of(world, "web")?;
    let before = party.sign_in(&[])?;
    world.rotate_keys()?;
    refused(party.sign_in(&[]), "NoMatchingKey");
    let party = Party::of(world, "web")?;
    party.sign_in(&[])?;
    let verifier = party.verifier();
    before.id_token().ok_or("no ID token")?.claims(&verifier, any_nonce)?;
    Ok(())
}
