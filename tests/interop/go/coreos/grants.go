package main

import (
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"

	"vestibule.example/interop/steps"
)

func device(settings steps.Settings) {
	c := newClient(settings)
	// go-oidc discovers this endpoint since 3.12.
	begun, err := c.config.DeviceAuth(background)
	steps.Check("begin", err)
	steps.Visit(begun.VerificationURIComplete)
	begun.Interval = 1 // the first poll; the decision has been made
	token, err := c.config.DeviceAccessToken(background, begun)
	if err != nil {
		steps.Refused("the device", err)
		return
	}
	steps.Say("tokens", steps.Fields{"userinfo": c.userInfo(token),
		"refreshes": c.refresh(token).AccessToken != ""})
	_, err = c.config.DeviceAccessToken(background, begun)
	steps.Refused("a used device code", err)
}

func clientCredentials(settings steps.Settings) {
	c := newClient(settings)
	config := clientcredentials.Config{ClientID: settings.ClientID,
		ClientSecret: settings.ClientSecret, TokenURL: c.provider.Endpoint().TokenURL}
	token, err := config.Token(background)
	steps.Check("client credentials", err)
	steps.Say("tokens", steps.Fields{"type": token.Type()})
	config.ClientSecret = "wrong"
	_, err = config.Token(background)
	steps.Refused("a wrong secret", err)
}

// jwtProfile is the grant of RFC 7523 section 2.1, for which x/oauth2 has a package of its own. It
// puts scopes into the assertion, as one vendor wants them, where RFC 7523 knows none.
func jwtProfile(settings steps.Settings) {
	c := newClient(settings)
	config := jwt.Config{Email: settings.UserID, Subject: settings.UserID,
		PrivateKey: []byte(settings.Key), PrivateKeyID: settings.KeyID,
		TokenURL: c.provider.Endpoint().TokenURL, Audience: settings.Issuer}
	token, err := config.TokenSource(background).Token()
	steps.Check("jwt profile", err)
	steps.Say("tokens", steps.Fields{"access_token": token.AccessToken})

	config.PrivateKeyID = "unknown"
	_, err = config.TokenSource(background).Token()
	steps.Refused("an unknown key", err)
	config.PrivateKeyID, config.Audience = settings.KeyID, "https://elsewhere.example"
	_, err = config.TokenSource(background).Token()
	steps.Refused("another audience", err)
}
