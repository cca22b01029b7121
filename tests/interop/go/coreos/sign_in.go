package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vestibule.example/interop/steps"
)

// verifyIDToken checks signature, issuer, audience, expiry, nonce and the access token's hash.
func (c client) verifyIDToken(token *oauth2.Token, nonce string) *oidc.IDToken {
	verified, err := c.provider.Verifier(&oidc.Config{ClientID: c.settings.ClientID}).
		Verify(background, rawIDToken(token))
	steps.Check("verify the ID token", err)
	steps.Check("verify at_hash", verified.VerifyAccessToken(token.AccessToken))
	if verified.Nonce != nonce {
		steps.Check("verify the nonce", errors.New(verified.Nonce))
	}
	return verified
}

// verifyAccessToken verifies a JWT of RFC 9068 through the published keys, as an API would.
func (c client) verifyAccessToken(token string) map[string]any {
	verifier := c.provider.Verifier(&oidc.Config{
		ClientID: c.settings.ClientID, SupportedSigningAlgs: []string{oidc.ES256}})
	verified, err := verifier.Verify(background, token)
	steps.Check("verify the access token", err)
	var claims map[string]any
	steps.Check("verify the access token", verified.Claims(&claims))
	return claims
}

func (c client) userInfo(token *oauth2.Token) map[string]any {
	info, err := c.provider.UserInfo(background, oauth2.StaticTokenSource(token))
	steps.Check("userinfo", err)
	var claims map[string]any
	steps.Check("userinfo", info.Claims(&claims))
	return claims
}

// refresh makes the library believe that the token has expired, so that it renews it by itself.
func (c client) refresh(token *oauth2.Token) *oauth2.Token {
	expired := *token
	expired.Expiry = time.Now().Add(-time.Minute)
	renewed, err := c.config.TokenSource(background, &expired).Token()
	steps.Check("refresh", err)
	return renewed
}

// endSessionURL is written by hand: neither library knows RP-initiated logout.
func (c client) endSessionURL(idToken string) string {
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	steps.Check("end session", c.provider.Claims(&metadata))
	return metadata.EndSession + "?" + url.Values{
		"id_token_hint": {idToken}, "post_logout_redirect_uri": {c.settings.SignedOutURI},
		"state": {"bye"}}.Encode()
}

func signIn(settings steps.Settings) {
	c := newClient(settings)
	code, verifier := c.authorize("a nonce")
	token := c.redeem(code, verifier)
	identity := c.verifyIDToken(token, "a nonce")
	steps.Say("tokens", steps.Fields{"type": token.Type(), "sub": identity.Subject,
		"expires_in": token.ExpiresIn})
	steps.Say("access token", steps.Fields{"claims": c.verifyAccessToken(token.AccessToken)})
	steps.Say("userinfo", steps.Fields{"claims": c.userInfo(token)})

	renewed := c.refresh(token)
	// OpenID Connect Core 12.2: the renewed ID token has no nonce, or the first one's.
	again, err := c.provider.Verifier(&oidc.Config{ClientID: settings.ClientID}).
		Verify(background, rawIDToken(renewed))
	steps.Check("verify the renewed ID token", err)
	steps.Say("refreshed", steps.Fields{"sub": again.Subject,
		"rotated":  renewed.RefreshToken != token.RefreshToken,
		"userinfo": c.userInfo(renewed)})

	steps.Say("signed out", steps.Fields{"led to": steps.Visit(c.endSessionURL(rawIDToken(renewed)))})
	_, err = c.provider.UserInfo(background, oauth2.StaticTokenSource(renewed))
	steps.Refused("userinfo after the sign-out", err)
	_, err = c.config.TokenSource(background, &oauth2.Token{RefreshToken: renewed.RefreshToken}).Token()
	steps.Refused("a refresh after the sign-out", err)
}

// signingAlgorithm verifies an ID token that is signed with what the client registered.
func signingAlgorithm(settings steps.Settings) {
	c := newClient(settings)
	code, verifier := c.authorize("n")
	token := c.redeem(code, verifier)
	identity := c.verifyIDToken(token, "n")
	claims, err := json.Marshal(c.userInfo(token))
	steps.Check("userinfo", err)
	steps.Say("tokens", steps.Fields{"sub": identity.Subject, "userinfo": json.RawMessage(claims)})
}
