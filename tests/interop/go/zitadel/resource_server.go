package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/client/profile"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	. "vestibule.example/interop/world"
)

func verifyAccessToken(party rp.RelyingParty, token string) (*oidc.AccessTokenClaims, error) {
	verifier := op.NewAccessTokenVerifier(party.Issuer(), party.IDTokenVerifier().KeySet,
		op.WithSupportedAccessTokenSigningAlgorithms("ES256"))
	return op.VerifyAccessToken[*oidc.AccessTokenClaims](background, token, verifier)
}

func accessToken(w World) {
	party := relyingParty(w, "web")
	token := signedIn(w, party).AccessToken
	claims := Must(verifyAccessToken(party, token))
	Equal(claims.Subject, w.Sub)
	Equal(claims.ClientID, w.Clients["web"].ID)
	Equal(slices.Contains(claims.Audience, w.Clients["web"].ID), true)
	Refused(verifyAccessToken(party, Tampered(token)))("signature")
}

func introspect(server rs.ResourceServer, token string) (*oidc.IntrospectionResponse, error) {
	return rs.Introspect[*oidc.IntrospectionResponse](background, server, token)
}

// keyFile writes the file that ZITADEL's console gives out for an application with a key.
func keyFile(id, kid, pem string) string {
	name := filepath.Join(Must(os.MkdirTemp("", "key")), "key.json")
	Check(os.WriteFile(name, Must(json.Marshal(map[string]string{
		"type": "application", "keyId": kid, "key": pem, "appId": "1", "clientId": id})), 0o600))
	return name
}

func introspectWithKeyFile(w World) {
	client := w.Clients["keyed"]
	file := keyFile(client.ID, client.Key.KID, client.Key.PEM)
	defer os.RemoveAll(filepath.Dir(file))
	server := Must(rs.NewResourceServerFromKeyFile(background, w.Issuer, file))
	party := relyingParty(w, "keyed", rp.WithClientKey(file))
	token := Must(withKey(w, party))
	told := Must(introspect(server, token.AccessToken))
	Equal(told.Active, true)
	Equal(told.ClientID, client.ID)
	Equal(Must(introspect(server, "made up")).Active, false)
	// Another application's token names their project, which both belong to.
	Equal(Must(introspect(server, signedIn(w, relyingParty(w, "web")).AccessToken)).Subject, w.Sub)

	stranger := keyFile(client.ID, "another key", client.Key.PEM)
	defer os.RemoveAll(filepath.Dir(stranger))
	Refused(introspect(Must(rs.NewResourceServerFromKeyFile(background, w.Issuer, stranger)),
		token.AccessToken))("invalid_client")
}

func introspectWithSecret(w World) {
	client := w.Clients["web"]
	server := Must(rs.NewResourceServerClientCredentials(background, w.Issuer, client.ID, client.Secret))
	told := Must(introspect(server, signedIn(w, relyingParty(w, "web")).AccessToken))
	Equal(told.Active, true)
	Equal(told.Subject, w.Sub)
	stranger := Must(rs.NewResourceServerClientCredentials(background, w.Issuer, client.ID, "wrong"))
	Refused(introspect(stranger, "made up"))("invalid_client")
}

// jwtProfile is how ZITADEL's service accounts in Go get their tokens: from their key file.
func jwtProfile(w World) {
	source := Must(profile.NewJWTProfileTokenSourceFromKeyFileData(background, w.Issuer, w.Service.Key,
		[]string{oidc.ScopeOpenID, oidc.ScopeProfile}))
	token := Must(source.Token())
	party := relyingParty(w, "web")
	info := Must(rp.Userinfo[*oidc.UserInfo](background, token.AccessToken, token.TokenType,
		w.Service.ID, party))
	Equal(info.Subject, w.Service.ID)

	var key struct{ KeyID, Key string }
	Check(json.Unmarshal(w.Service.Key, &key))
	other := func(user, kid string) profile.TokenSource {
		return Must(profile.NewJWTProfileTokenSource(background, w.Issuer, user, kid, []byte(key.Key), nil))
	}
	Refused(other(w.Sub, key.KeyID).Token())("invalid_grant")
	Refused(other(w.Service.ID, "another key").Token())("invalid_grant")
	elsewhere := Must(profile.NewJWTProfileTokenSource(background, "https://elsewhere.example",
		w.Service.ID, key.KeyID, []byte(key.Key), nil, profile.WithStaticTokenEndpoint(
			"https://elsewhere.example", party.OAuthConfig().Endpoint.TokenURL)))
	Refused(elsewhere.Token())("invalid_grant")
}
