// Command coreos is a client made of golang.org/x/oauth2 and github.com/coreos/go-oidc.
package main

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vestibule.example/interop/steps"
)

var background = context.Background()

func main() {
	steps.Run(map[string]func(steps.Settings){
		"sign-in":            signIn,
		"signing-algorithm":  signingAlgorithm,
		"rejections":         rejections,
		"device":             device,
		"client-credentials": clientCredentials,
		"jwt-profile":        jwtProfile,
	})
}

func discover(settings steps.Settings) *oidc.Provider {
	provider, err := oidc.NewProvider(background, settings.Issuer)
	steps.Check("discover", err)
	return provider
}

func configure(settings steps.Settings, provider *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     settings.ClientID,
		ClientSecret: settings.ClientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  settings.RedirectURI,
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
}

// client is one relying party with what its provider told about itself.
type client struct {
	settings steps.Settings
	provider *oidc.Provider
	config   *oauth2.Config
}

func newClient(settings steps.Settings) client {
	provider := discover(settings)
	return client{settings, provider, configure(settings, provider)}
}

// authorize sends a browser to the provider; it gives the code and the verifier of its challenge.
func (c client) authorize(nonce string) (code, verifier string) {
	state := oauth2.GenerateVerifier()
	verifier = oauth2.GenerateVerifier()
	back := steps.Visit(c.config.AuthCodeURL(state, oidc.Nonce(nonce),
		oauth2.S256ChallengeOption(verifier)))
	return steps.Code(back, state, c.settings.Issuer), verifier
}

func (c client) redeem(code, verifier string) *oauth2.Token {
	token, err := c.config.Exchange(background, code, oauth2.VerifierOption(verifier))
	steps.Check("exchange", err)
	return token
}

func rawIDToken(token *oauth2.Token) string {
	raw, _ := token.Extra("id_token").(string)
	return raw
}
