//! A relying party made of the library, with every endpoint that the provider told of.

use openidconnect::core::*;
use openidconnect::*;
use serde::{Deserialize, Serialize};

use crate::http::send;
use crate::world::{parameter, Outcome, World};

/// What the library's own metadata leaves out.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Endpoints {
    pub device_authorization_endpoint: DeviceAuthorizationUrl,
    pub introspection_endpoint: IntrospectionUrl,
    pub revocation_endpoint: RevocationUrl,
    pub end_session_endpoint: EndSessionUrl,
}
impl AdditionalProviderMetadata for Endpoints {}

type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointSet,
    EndpointSet,
    EndpointSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub struct Party<'a> {
    pub world: &'a World,
    pub metadata: Metadata,
    pub client: Client,
}

/// What came back from the provider, and what only this browser's request knows.
pub struct Answer {
    pub code: AuthorizationCode,
    pub verifier: PkceCodeVerifier,
    pub nonce: Nonce,
}

impl<'a> Party<'a> {
    pub fn of(world: &'a World, kind: &str) -> Outcome<Party<'a>> {
        let (id, secret) = world.client(kind);
        Party::with(world, id, Some(secret).filter(|text| !text.is_empty()))
    }

    pub fn with(world: &'a World, id: String, secret: Option<String>) -> Outcome<Party<'a>> {
        let metadata = Metadata::discover(&IssuerUrl::new(world.issuer())?, &send)?;
        let more = metadata.additional_metadata().clone();
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(id),
            secret.map(ClientSecret::new),
        )
        .set_device_authorization_url(more.device_authorization_endpoint)
        .set_introspection_url(more.introspection_endpoint)
        .set_revocation_url(more.revocation_endpoint)
        .set_redirect_uri(RedirectUrl::new(world.redirect_uri())?);
        Ok(Party { world, metadata, client })
    }

    /// Sends the person to the provider. An error that comes back is an error.
    pub fn authorize(&self, more: &[(&str, &str)]) -> Outcome<Answer> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = self.client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in ["profile", "email", "offline_access"] {
            request = request.add_scope(Scope::new(scope.into()));
        }
        for (name, value) in more {
            request = request.add_extra_param(name.to_string(), value.to_string());
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let back = self.world.visit(&url)?;
        assert_eq!(&parameter(&back, "state"), state.secret());
        assert_eq!(parameter(&back, "iss"), self.world.issuer());
        match parameter(&back, "error") {
            none if none.is_empty() => {
                let code = AuthorizationCode::new(parameter(&back, "code"));
                Ok(Answer { code, verifier, nonce })
            }
            error => Err(error.into()),
        }
    }

    pub fn redeem(&self, answer: Answer) -> Outcome<(CoreTokenResponse, Nonce)> {
        let request = self.client.exchange_code(answer.code)?.set_pkce_verifier(answer.verifier);
        Ok((request.request(&send)?, answer.nonce))
    }

    /// Signs in, and verifies the ID token with the access token's hash in it.
    pub fn sign_in(&self, more: &[(&str, &str)]) -> Outcome<CoreTokenResponse> {
        let (tokens, nonce) = self.redeem(self.authorize(more)?)?;
        let verifier = self.verifier();
        let identity = tokens.id_token().ok_or("no ID token")?;
        let claims = identity.claims(&verifier, &nonce)?;
        assert_eq!(claims.subject().as_str(), self.world.sub());
        let key = identity.signing_key(&verifier)?;
        let hash =
            AccessTokenHash::from_token(tokens.access_token(), identity.signing_alg()?, key)?;
        assert_eq!(claims.access_token_hash(), Some(&hash));
        Ok(tokens)
    }

    /// The library takes RS256 alone, unless it is told of others, and no audience but the client,
    /// unless it is told which ones to trust: an ID token names the client's project too, as
    /// ZITADEL's does.
    pub fn verifier(&self) -> CoreIdTokenVerifier<'_> {
        self.client
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            ])
            .set_other_audience_verifier_fn(|_| true)
    }

    pub fn user_info(&self, token: &AccessToken) -> Outcome<CoreUserInfoClaims> {
        let subject = SubjectIdentifier::new(self.world.sub());
        Ok(self.client.user_info(token.clone(), Some(subject))?.request(&send)?)
    }

    pub fn refresh(&self, token: &RefreshToken) -> Outcome<CoreTokenResponse> {
        Ok(self.client.exchange_refresh_token(token)?.request(&send)?)
    }
}
