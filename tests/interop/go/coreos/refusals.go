package main

import (
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

func (c client) exchange(options ...oauth2.AuthCodeOption) (*oauth2.Token, error) {
	code, _, err := c.authorize()
	Check(err)
	return c.config.Exchange(background, code, options...)
}

func refusals(w World) {
	c := newClient(w, "web")
	Refused(c.exchange(oauth2.VerifierOption(oauth2.GenerateVerifier())))("invalid_grant")
	Refused(c.exchange())("invalid_")

	stranger := newClient(w, "web")
	stranger.config.ClientSecret = "wrong"
	Refused(stranger.exchange())("invalid_client")

	code, verifier, err := c.authorize()
	Check(err)
	token := Must(c.config.Exchange(background, code, oauth2.VerifierOption(verifier)))
	Refused(c.config.Exchange(background, code, oauth2.VerifierOption(verifier)))("invalid_grant")
	// RFC 6749 4.1.2: a code that is used twice takes its tokens with it.
	Refused(c.userInfo(token))("401")
	Refused(c.renew(token.RefreshToken))("invalid_grant")

	c.config.Scopes = []string{"shoes"}
	_, _, err = c.authorize()
	Refused("", err)("invalid_scope")
	Refused(oidc.NewProvider(background, w.Issuer+"/elsewhere"))("404")
}

// badTokens are refused by the library: what it verifies is worth verifying.
func badTokens(w World) {
	c := newClient(w, "web")
	token, identity := c.signIn()
	Refused(c.verify(Tampered(rawIDToken(token))))("signature")
	Refused("", identity.VerifyAccessToken(token.AccessToken+"x"))("hash")
	verifyAs := func(config oidc.Config) (*oidc.IDToken, error) {
		return c.provider.Verifier(&config).Verify(background, rawIDToken(token))
	}
	Refused(verifyAs(oidc.Config{ClientID: w.Clients["public"].ID}))("audience")
	Refused(verifyAs(oidc.Config{ClientID: c.config.ClientID,
		SupportedSigningAlgs: []string{oidc.ES256}}))("algorithm")
	token.AccessToken = Tampered(token.AccessToken)
	Refused(c.userInfo(token))("401")
}
