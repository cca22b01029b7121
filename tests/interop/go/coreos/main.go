// Command coreos is a client made of golang.org/x/oauth2 and github.com/coreos/go-oidc.
package main

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

var background = context.Background()

func main() {
	Run(map[string]func(World){
		"signIn": signIn, "publicSignIn": publicSignIn, "signedAnswers": signedAnswers,
		"refresh": refresh, "signOut": signOut, "accessToken": accessToken, "refusals": refusals,
		"badTokens": badTokens, "device": device, "deniedDevice": deniedDevice,
		"clientCredentials": clientCredentials, "jwtProfile": jwtProfile, "keysRotate": keysRotate,
	})
}

// client is a relying party with what its provider told about itself.
type client struct {
	world    World
	provider *oidc.Provider
	config   *oauth2.Config
}

func newClient(w World, kind string) client {
	provider := Must(oidc.NewProvider(background, w.Issuer))
	return client{w, provider, &oauth2.Config{
		ClientID:     w.Clients[kind].ID,
		ClientSecret: w.Clients[kind].Secret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  w.RedirectURI,
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}}
}

// authorize gives a code and the verifier of its challenge.
func (c client) authorize(options ...oauth2.AuthCodeOption) (code, verifier string, err error) {
	state := oauth2.GenerateVerifier()
	verifier = oauth2.GenerateVerifier()
	options = append(options, oidc.Nonce("a nonce"), oauth2.S256ChallengeOption(verifier))
	code, err = c.world.Authorize(c.config.AuthCodeURL(state, options...), state)
	return code, verifier, err
}

func (c client) signIn() (*oauth2.Token, *oidc.IDToken) {
	code, verifier, err := c.authorize()
	Check(err)
	token := Must(c.config.Exchange(background, code, oauth2.VerifierOption(verifier)))
	identity := Must(c.verify(rawIDToken(token)))
	Check(identity.VerifyAccessToken(token.AccessToken))
	Equal(identity.Nonce, "a nonce")
	Equal(identity.Subject, c.world.Sub)
	return token, identity
}

// verify checks an ID token's signature, issuer, audience and expiry.
func (c client) verify(idToken string) (*oidc.IDToken, error) {
	return c.provider.Verifier(&oidc.Config{ClientID: c.config.ClientID}).Verify(background, idToken)
}

func (c client) userInfo(token *oauth2.Token) (*oidc.UserInfo, error) {
	return c.provider.UserInfo(background, oauth2.StaticTokenSource(token))
}

// renew gives the library nothing but the refresh token, so that it renews by itself.
func (c client) renew(refreshToken string) (*oauth2.Token, error) {
	return c.config.TokenSource(background, &oauth2.Token{RefreshToken: refreshToken}).Token()
}

func rawIDToken(token *oauth2.Token) string {
	raw, _ := token.Extra("id_token").(string)
	return raw
}
