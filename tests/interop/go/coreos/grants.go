package main

import (
	"encoding/json"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"

	. "vestibule.example/interop/world"
)

// beginDevice shows the secret by hand: the library begins with `client_id` alone, although RFC 8628
// section 3.1 asks of a confidential client that it authenticates.
func beginDevice(w World) (client, *oauth2.DeviceAuthResponse) {
	c := newClient(w, "web")
	begun := Must(c.config.DeviceAuth(background,
		oauth2.SetAuthURLParam("client_secret", c.config.ClientSecret)))
	return c, begun
}

func (c client) poll(begun *oauth2.DeviceAuthResponse) (*oauth2.Token, error) {
	once := *begun
	once.Interval = 1 // for the first poll there is nothing to wait for
	return c.config.DeviceAccessToken(background, &once)
}

func device(w World) {
	c, begun := beginDevice(w)
	w.Confirm(begun.UserCode, "allow")
	token := Must(c.poll(begun))
	Equal(Must(c.verify(rawIDToken(token))).Subject, w.Sub)
	Equal(Must(c.userInfo(token)).Subject, w.Sub)
	Must(c.renew(token.RefreshToken))
	Refused(c.poll(begun))("invalid_grant")
}

func deniedDevice(w World) {
	c, begun := beginDevice(w)
	w.Confirm(begun.UserCode, "deny")
	Refused(c.poll(begun))("access_denied")
	Refused(newClient(w, "public").config.DeviceAuth(background))("unauthorized_client")
	Refused(c.config.DeviceAuth(background))("invalid_client")
}

func clientCredentials(w World) {
	c := newClient(w, "web")
	config := clientcredentials.Config{ClientID: c.config.ClientID,
		ClientSecret: c.config.ClientSecret, TokenURL: c.config.Endpoint.TokenURL}
	Equal(Must(config.Token(background)).Type(), "Bearer")
	config.ClientSecret = "wrong"
	Refused(config.Token(background))("invalid_client")
	config.ClientID, config.ClientSecret = w.Clients["signed"].ID, w.Clients["signed"].Secret
	Refused(config.Token(background))("unauthorized_client")
}

// jwtProfile is the grant of RFC 7523 section 2.1. The library can ask for no scope: it writes
// scopes into the assertion, as one vendor wants them, and not into the form.
func jwtProfile(w World) {
	c := newClient(w, "web")
	var key struct{ KeyID, Key string }
	Check(json.Unmarshal(w.Service.Key, &key))
	config := jwt.Config{Email: w.Service.ID, Subject: w.Service.ID, PrivateKey: []byte(key.Key),
		PrivateKeyID: key.KeyID, TokenURL: c.config.Endpoint.TokenURL, Audience: w.Issuer}
	token := Must(config.TokenSource(background).Token())
	Refused(c.userInfo(token))("403")

	config.PrivateKeyID = "unknown"
	Refused(config.TokenSource(background).Token())("invalid_grant")
	config.PrivateKeyID, config.Audience = key.KeyID, "https://elsewhere.example"
	Refused(config.TokenSource(background).Token())("invalid_grant")
}
