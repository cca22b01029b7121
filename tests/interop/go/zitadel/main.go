// Command zitadel is a client made of github.com/zitadel/oidc: what ZITADEL gives its own
// applications in Go.
package main

import (
	"context"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

type tokens = *oidc.Tokens[*oidc.IDTokenClaims]

var (
	background = context.Background()
	scopes     = []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess}
)

func main() {
	Run(map[string]func(World){
		"signIn": signIn, "signInWithBasic": signInWithBasic, "publicSignIn": publicSignIn,
		"signedIDToken": signedIDToken, "handlers": handlers, "refresh": refresh,
		"revoke": revoke, "signOut": signOut, "refusals": refusals, "badTokens": badTokens,
		"accessToken": accessToken, "introspectWithKeyFile": introspectWithKeyFile,
		"introspectWithSecret": introspectWithSecret, "jwtProfile": jwtProfile,
		"exchangeOwnToken": exchangeOwnToken, "impersonateGuest": impersonateGuest,
		"device": device, "deniedDevice": deniedDevice,
		"clientCredentials": clientCredentials, "keysRotate": keysRotate,
	})
}

func relyingParty(w World, kind string, options ...rp.Option) rp.RelyingParty {
	client := w.Clients[kind]
	return Must(rp.NewRelyingPartyOIDC(background, w.Issuer, client.ID, client.Secret, w.RedirectURI,
		scopes, options...))
}

// authorize gives a code and the verifier of its challenge. Without withNonce the library sends none,
// and refuses an ID token that has one.
func authorize(w World, party rp.RelyingParty, options ...rp.AuthURLOpt) (code, verifier string) {
	state := oauth2.GenerateVerifier()
	verifier = oauth2.GenerateVerifier()
	options = append(options, rp.WithCodeChallenge(oidc.NewSHACodeChallenge(verifier)))
	return Must(w.Authorize(rp.AuthURL(state, party, options...), state)), verifier
}

func exchange(party rp.RelyingParty, code, verifier string) (tokens, error) {
	return rp.CodeExchange[*oidc.IDTokenClaims](background, code, party, rp.WithCodeVerifier(verifier))
}

// signedIn has verified the ID token and the access token's hash in it.
func signedIn(w World, party rp.RelyingParty, options ...rp.AuthURLOpt) tokens {
	code, verifier := authorize(w, party, options...)
	found := Must(exchange(party, code, verifier))
	Equal(found.IDTokenClaims.Subject, w.Sub)
	return found
}

func userinfo(w World, party rp.RelyingParty, found tokens) (*oidc.UserInfo, error) {
	return rp.Userinfo[*oidc.UserInfo](background, found.AccessToken, found.TokenType, w.Sub, party)
}

func renew(party rp.RelyingParty, refreshToken string) (tokens, error) {
	return rp.RefreshTokens[*oidc.IDTokenClaims](background, party, refreshToken, "", "")
}
