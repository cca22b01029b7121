package main

import (
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/tokenexchange"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

const userID oidc.TokenType = "urn:zitadel:params:oauth:token-type:user_id"

func exchanger(w World, kind string) tokenexchange.TokenExchanger {
	return Must(tokenexchange.NewTokenExchangerClientCredentials(background, w.Issuer,
		w.Clients[kind].ID, w.Clients[kind].Secret))
}

func exchangeOwnToken(w World) {
	party := relyingParty(w, "web")
	found := signedIn(w, party)
	narrow := func(subject string, kind oidc.TokenType, scope string) (*oidc.TokenExchangeResponse, error) {
		return tokenexchange.ExchangeToken(background, exchanger(w, "web"), subject, kind, "", "",
			[]string{w.API}, nil, []string{scope}, oidc.JWTTokenType)
	}
	made := Must(narrow(found.AccessToken, oidc.JWTTokenType, "openid"))
	Equal(made.IssuedTokenType, oidc.JWTTokenType)
	claims := Must(verifyAccessToken(party, made.AccessToken))
	Equal(claims.Subject, w.Sub)
	Equal(claims.Audience[0], w.API)
	Equal(len(claims.Audience), 1)
	Equal(Must(narrow(found.IDToken, oidc.IDTokenType, "openid")).TokenType, "Bearer")

	Refused(narrow(found.AccessToken, oidc.JWTTokenType, "phone"))("invalid_scope")
	Refused(narrow(Tampered(found.AccessToken), oidc.JWTTokenType, "openid"))("invalid_request")
	Refused(narrow(found.RefreshToken, oidc.RefreshTokenType, "openid"))("invalid_request")
	Refused(narrow(w.Service.PAT, oidc.AccessTokenType, "openid"))("invalid_request")
}

// impersonateGuest is the exchange of ZITADEL's guest guide: by the guest's id, vouched for by the
// service account's token.
func impersonateGuest(w World) {
	guest := w.Guest()
	act := func(subject, actor string, actorType oidc.TokenType) (*oidc.TokenExchangeResponse, error) {
		return tokenexchange.ExchangeToken(background, exchanger(w, "web"), subject, userID, actor,
			actorType, nil, nil, []string{oidc.ScopeOpenID, oidc.ScopeProfile}, oidc.JWTTokenType)
	}
	party := relyingParty(w, "web")
	made := Must(act(guest, w.Service.PAT, oidc.AccessTokenType))
	claims := Must(verifyAccessToken(party, made.AccessToken))
	Equal(claims.Subject, guest)
	Equal(claims.Actor.Subject, w.Service.ID)
	identity := Must(rp.VerifyTokens[*oidc.IDTokenClaims](background, made.AccessToken, made.IDToken,
		party.IDTokenVerifier()))
	Equal(identity.Subject, guest)

	Refused(act(guest, "", ""))("invalid_request")
	Refused(act(guest, "made up", oidc.AccessTokenType))("actor_token invalid")
	Refused(act(guest, signedIn(w, party).AccessToken, oidc.AccessTokenType))("membership not found")
	Refused(act(w.Sub, w.Service.PAT, oidc.AccessTokenType))("No matching permissions")
	Refused(act("1", w.Service.PAT, oidc.AccessTokenType))("subject_token invalid")
}

func beginDevice(w World, party rp.RelyingParty, decision string) string {
	begun := Must(rp.DeviceAuthorization(background, scopes, party, nil))
	w.Confirm(begun.UserCode, decision)
	return begun.DeviceCode
}

func poll(party rp.RelyingParty, code string) (*oidc.AccessTokenResponse, error) {
	return rp.DeviceAccessToken(background, code, time.Second, party)
}

func device(w World) {
	party := relyingParty(w, "web")
	code := beginDevice(w, party, "allow")
	made := Must(poll(party, code))
	identity := Must(rp.VerifyTokens[*oidc.IDTokenClaims](background, made.AccessToken, made.IDToken,
		party.IDTokenVerifier()))
	Equal(identity.Subject, w.Sub)
	Must(renew(party, made.RefreshToken))
	Refused(poll(party, code))("invalid_grant")
}

func deniedDevice(w World) {
	party := relyingParty(w, "web", rp.WithAuthStyle(oauth2.AuthStyleInHeader))
	Refused(poll(party, beginDevice(w, party, "deny")))("access_denied")
	Refused(rp.DeviceAuthorization(background, scopes, relyingParty(w, "public"), nil))("unauthorized_client")
	party.OAuthConfig().ClientSecret = "wrong"
	Refused(rp.DeviceAuthorization(background, scopes, party, nil))("invalid_client")
}

// withKey is the grant for a client with a key. The library signs no assertion there, and x/oauth2
// below it would look for a secret first.
func withKey(w World, party rp.RelyingParty) (*oauth2.Token, error) {
	config := party.OAuthConfig()
	config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	config.Scopes = nil
	signed := Must(client.SignedJWTProfileAssertion(config.ClientID, []string{w.Issuer}, time.Minute,
		party.Signer()))
	return rp.ClientCredentials(background, party, url.Values{"client_assertion": {signed},
		"client_assertion_type": {oidc.ClientAssertionTypeJWTAssertion}})
}

func clientCredentials(w World) {
	party := relyingParty(w, "web")
	party.OAuthConfig().Scopes = nil
	Equal(Must(rp.ClientCredentials(background, party, nil)).Type(), "Bearer")
	party.OAuthConfig().ClientSecret = "wrong"
	Refused(rp.ClientCredentials(background, party, nil))("invalid_client")
}
