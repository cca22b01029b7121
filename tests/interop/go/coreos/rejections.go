package main

import (
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vestibule.example/interop/steps"
)

// rejections are what either side has to refuse.
func rejections(settings steps.Settings) {
	c := newClient(settings)

	code, _ := c.authorize("n")
	_, err := c.config.Exchange(background, code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	steps.Refused("another verifier", err)

	code, _ = c.authorize("n")
	_, err = c.config.Exchange(background, code)
	steps.Refused("no verifier", err)

	stranger := *c.config
	stranger.ClientSecret = "wrong"
	code, verifier := c.authorize("n")
	_, err = stranger.Exchange(background, code, oauth2.VerifierOption(verifier))
	steps.Refused("a wrong secret", err)

	code, verifier = c.authorize("n")
	token := c.redeem(code, verifier)
	_, err = c.provider.UserInfo(background, oauth2.StaticTokenSource(
		&oauth2.Token{AccessToken: steps.Tampered(token.AccessToken)}))
	steps.Refused("a tampered access token", err)
	c.refuseIDTokens(rawIDToken(token))

	_, err = c.config.Exchange(background, code, oauth2.VerifierOption(verifier))
	steps.Refused("a used code", err)
	_, err = c.provider.UserInfo(background, oauth2.StaticTokenSource(token))
	steps.Refused("the token of a code that was used twice", err)

	_, err = oidc.NewProvider(background, settings.Issuer+"/elsewhere")
	steps.Refused("another issuer", err)
}

func (c client) refuseIDTokens(idToken string) {
	own := c.provider.Verifier(&oidc.Config{ClientID: c.settings.ClientID})
	_, err := own.Verify(background, steps.Tampered(idToken))
	steps.Refused("a tampered ID token", err)
	other := c.provider.Verifier(&oidc.Config{ClientID: "somebody else"})
	_, err = other.Verify(background, idToken)
	steps.Refused("another audience", err)
	strict := c.provider.Verifier(&oidc.Config{
		ClientID: c.settings.ClientID, SupportedSigningAlgs: []string{oidc.ES384}})
	_, err = strict.Verify(background, idToken)
	steps.Refused("another algorithm", err)
}
