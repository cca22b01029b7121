package main

import (
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

func refusals(w World) {
	party := relyingParty(w, "web")
	code, _ := authorize(w, party)
	Refused(exchange(party, code, oauth2.GenerateVerifier()))("invalid_grant")
	code, verifier := authorize(w, party)
	found := Must(exchange(party, code, verifier))
	Refused(exchange(party, code, verifier))("invalid_grant")
	Refused(userinfo(w, party, found))("access_denied")

	stranger := relyingParty(w, "web")
	stranger.OAuthConfig().ClientSecret = "wrong"
	code, verifier = authorize(w, stranger)
	Refused(exchange(stranger, code, verifier))("invalid_client")
	Refused(renew(stranger, found.RefreshToken))("invalid_client")

	elsewhere := w
	elsewhere.Issuer += "/elsewhere"
	client := w.Clients["web"]
	Refused(rp.NewRelyingPartyOIDC(background, elsewhere.Issuer, client.ID, client.Secret,
		w.RedirectURI, scopes))("not_found")
	Refused(rp.NewRelyingPartyOIDC(background, elsewhere.Issuer, client.ID, client.Secret,
		w.RedirectURI, scopes, rp.WithCustomDiscoveryUrl(w.Issuer+oidc.DiscoveryEndpoint)))("issuer")
}

// badTokens are refused by the library: what it verifies is worth verifying.
func badTokens(w World) {
	party := relyingParty(w, "web", rp.WithVerifierOpts(rp.WithNonce(aNonce)))
	found := signedIn(w, party, withNonce)
	verify := func(token, client string, options ...rp.VerifierOption) (*oidc.IDTokenClaims, error) {
		verifier := rp.NewIDTokenVerifier(w.Issuer, client, party.IDTokenVerifier().KeySet, options...)
		return rp.VerifyTokens[*oidc.IDTokenClaims](background, found.AccessToken, token, verifier)
	}
	own := w.Clients["web"].ID
	Must(verify(found.IDToken, own, rp.WithNonce(aNonce)))
	Refused(verify(found.IDToken, own))("nonce")
	Refused(verify(Tampered(found.IDToken), own))("signature")
	Refused(verify(found.IDToken, w.Clients["public"].ID))("audience")
	Refused(verify(found.IDToken, own, rp.WithNonce(aNonce), rp.WithACRVerifier(
		oidc.DefaultACRVerifier([]string{"https://elsewhere.example"}))))("acr")
	found.AccessToken = Tampered(found.AccessToken)
	Refused(verify(found.IDToken, own, rp.WithNonce(aNonce)))("at_hash")
	Refused(userinfo(w, party, found))("access_denied")
}
