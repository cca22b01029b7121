package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

var withNonce = rp.AuthURLOpt(rp.WithURLParam("nonce", "a nonce"))

func aNonce(context.Context) string { return "a nonce" }

func signIn(w World) {
	party := relyingParty(w, "web", rp.WithVerifierOpts(rp.WithNonce(aNonce)),
		rp.WithSigningAlgsFromDiscovery())
	found := signedIn(w, party, withNonce)
	Equal(found.TokenType, "Bearer")
	info := Must(userinfo(w, party, found))
	Equal(info.PreferredUsername, "ada")
	Equal(bool(info.EmailVerified), true)
}

func signInWithBasic(w World) {
	party := relyingParty(w, "web", rp.WithAuthStyle(oauth2.AuthStyleInHeader))
	Must(renew(party, signedIn(w, party).RefreshToken))
}

func publicSignIn(w World) {
	party := relyingParty(w, "public")
	found := signedIn(w, party)
	Must(userinfo(w, party, found))
	Must(renew(party, found.RefreshToken))
}

func signedIDToken(w World) {
	signedIn(w, relyingParty(w, "signed"))
	party := relyingParty(w, "signed",
		rp.WithVerifierOpts(rp.WithSupportedSigningAlgorithms("RS256")))
	code, verifier := authorize(w, party)
	Refused(exchange(party, code, verifier))("signature algorithm")
}

// handlers signs in as a web application of ZITADEL's examples does: with the library's own
// handlers, its cookies for state and verifier, and a key instead of a secret.
func handlers(w World) {
	key := w.Clients["keyed"].Key
	cookies := httphelper.NewCookieHandler([]byte("0123456789abcdef0123456789abcdef"), nil)
	party := relyingParty(w, "keyed", rp.WithPKCEFromDiscovery(cookies), rp.WithCookieHandler(cookies),
		rp.WithJWTProfile(rp.SignerFromKeyAndKeyID([]byte(key.PEM), key.KID)))

	leaving := httptest.NewRecorder()
	rp.AuthURLHandler(oauth2.GenerateVerifier, party)(leaving,
		httptest.NewRequest(http.MethodGet, "/login", nil))
	back := httptest.NewRequest(http.MethodGet, w.Visit(leaving.Header().Get("Location")).String(), nil)
	for _, cookie := range leaving.Result().Cookies() {
		back.AddCookie(cookie)
	}

	var greeted *oidc.UserInfo
	greet := func(_ http.ResponseWriter, _ *http.Request, found tokens, _ string, _ rp.RelyingParty,
		info *oidc.UserInfo) {
		greeted = info
		Must(renew(party, found.RefreshToken))
	}
	arrived := httptest.NewRecorder()
	rp.CodeExchangeHandler(rp.UserinfoCallback(greet), party)(arrived, back)
	if greeted == nil {
		panic(errors.New(arrived.Body.String()))
	}
	Equal(greeted.Subject, w.Sub)

	// The same answer without the cookies is somebody else's.
	arrived = httptest.NewRecorder()
	back.Header.Del("Cookie")
	rp.CodeExchangeHandler(rp.UserinfoCallback(greet), party)(arrived, back)
	Equal(arrived.Code, http.StatusUnauthorized)
}

func refresh(w World) {
	party := relyingParty(w, "web")
	found := signedIn(w, party)
	renewed := Must(renew(party, found.RefreshToken))
	Equal(renewed.IDTokenClaims.Subject, w.Sub)
	Equal(renewed.RefreshToken == found.RefreshToken, false)
	Must(userinfo(w, party, renewed))
	Refused(renew(party, "made up"))("invalid_grant")
	Refused(renew(relyingParty(w, "public"), renewed.RefreshToken))("invalid_grant")
}

func revoke(w World) {
	party := relyingParty(w, "web")
	found := signedIn(w, party)
	Check(rp.RevokeToken(background, party, found.RefreshToken, "refresh_token"))
	Refused(renew(party, found.RefreshToken))("invalid_grant")
	Refused(userinfo(w, party, found))("access_denied")
	Check(rp.RevokeToken(background, party, "made up", ""))
}

// signOut ends the session by a call of the library's own, without the person's browser: the
// provider answers with where the browser has to go.
func signOut(w World) {
	party := relyingParty(w, "web")
	found := signedIn(w, party)
	next := Must(rp.EndSession(background, party, found.IDToken, w.AfterSignOut, "so long", "", nil))
	w.SignOut(next.String(), "so long")
	Refused(userinfo(w, party, found))("access_denied")
	Refused(renew(party, found.RefreshToken))("invalid_grant")
	_, err := rp.EndSession(background, party, found.IDToken, "https://evil.example/", "", "", nil)
	Refused("", err)("400")
}

func keysRotate(w World) {
	party := relyingParty(w, "web")
	before := signedIn(w, party)
	w.RotateKeys()
	signedIn(w, party)
	Must(rp.VerifyIDToken[*oidc.IDTokenClaims](background, before.IDToken, party.IDTokenVerifier()))
}
