package main

import (
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	. "vestibule.example/interop/world"
)

func signIn(w World) {
	c := newClient(w, "web")
	token, _ := c.signIn()
	Equal(token.Type(), "Bearer")
	info := Must(c.userInfo(token))
	Equal(info.Subject, w.Sub)
	Equal(info.EmailVerified, true)
	Equal(info.Email, "ada@ada.example")
}

func publicSignIn(w World) {
	c := newClient(w, "public")
	token, _ := c.signIn()
	Must(c.userInfo(token))
	Must(c.renew(token.RefreshToken))
}

// signedAnswers verifies an ID token and a userinfo answer that are signed as was registered.
func signedAnswers(w World) {
	c := newClient(w, "signed")
	token, _ := c.signIn()
	Equal(Must(c.userInfo(token)).Subject, w.Sub)
}

func refresh(w World) {
	c := newClient(w, "web")
	token, _ := c.signIn()
	renewed := Must(c.renew(token.RefreshToken))
	Equal(Must(c.verify(rawIDToken(renewed))).Subject, w.Sub)
	Equal(Must(c.userInfo(renewed)).Subject, w.Sub)
	Equal(renewed.RefreshToken == token.RefreshToken, false)
	Must(c.renew(renewed.RefreshToken))
	Refused(c.renew("made up"))("invalid_grant")
}

// signOut writes the URL by hand: neither library knows RP-initiated logout.
func signOut(w World) {
	c := newClient(w, "web")
	token, _ := c.signIn()
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	Check(c.provider.Claims(&metadata))
	w.SignOut(metadata.EndSession+"?"+url.Values{"id_token_hint": {rawIDToken(token)},
		"post_logout_redirect_uri": {w.AfterSignOut}, "state": {"so long"}}.Encode(), "so long")
	Refused(c.userInfo(token))("401")
	Refused(c.renew(token.RefreshToken))("invalid_grant")
	_, _, err := c.authorize(oauth2.SetAuthURLParam("prompt", "none"))
	Refused("", err)("login_required")
}

// accessToken is what an API does: it verifies a JWT of RFC 9068 through the published keys.
func accessToken(w World) {
	c := newClient(w, "web")
	code, verifier, err := c.authorize(oauth2.SetAuthURLParam("resource", w.API))
	Check(err)
	token := Must(c.config.Exchange(background, code, oauth2.VerifierOption(verifier)))
	api := func(audience string, algorithms ...string) *oidc.IDTokenVerifier {
		return c.provider.Verifier(&oidc.Config{ClientID: audience, SupportedSigningAlgs: algorithms})
	}
	verified := Must(api(w.API, oidc.ES256).Verify(background, token.AccessToken))
	Equal(verified.Subject, w.Sub)
	Refused(api(w.API+"/other", oidc.ES256).Verify(background, token.AccessToken))("audience")
	Refused(api(w.API, oidc.RS256).Verify(background, token.AccessToken))("algorithm")
	Refused(api(w.API, oidc.ES256).Verify(background, Tampered(token.AccessToken)))("signature")
}

func keysRotate(w World) {
	c := newClient(w, "web")
	before, _ := c.signIn()
	w.RotateKeys()
	c.signIn()
	Must(c.verify(rawIDToken(before)))
}
