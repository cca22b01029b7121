import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.TokenIntrospectionRequest;
import com.nimbusds.oauth2.sdk.TokenIntrospectionResponse;
import com.nimbusds.oauth2.sdk.TokenIntrospectionSuccessResponse;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.BearerAccessToken;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.Prompt;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import java.net.URI;

/** The Nimbus SDK as a client that signs people in: each static method is one feature. */
final class SignIn {
    static void signIn(World world) throws Exception {
        var party = new Party(world, "web");
        OIDCTokens tokens = party.signIn();
        World.equal(tokens.getAccessToken().getType().getValue(), "Bearer");
        UserInfo info = party.userInfo(tokens.getAccessToken()).getUserInfo();
        World.equal(info.getSubject().getValue(), world.text("sub"));
        World.equal(info.getPreferredUsername(), "ada");
        World.equal(info.getEmailVerified(), true);
    }

    static void signInWithPost(World world) throws Exception {
        new Party(world, "web") {
            @Override
            ClientAuthentication authentication() {
                return new ClientSecretPost(id, new Secret(client.secret()));
            }
        }.signIn();
    }

    static void publicSignIn(World world) throws Exception {
        var party = new Party(world, "public");
        OIDCTokens tokens = party.signIn();
        party.userInfo(tokens.getAccessToken());
        party.refresh(tokens.getRefreshToken());
    }

    /** Every request of the client's with a new assertion. */
    static void privateKeyJwt(World world) throws Exception {
        var party = new Party(world, "keyed");
        OIDCTokens tokens = party.signIn();
        party.refresh(tokens.getRefreshToken());
        World.equal(introspect(party, tokens.getAccessToken()).isActive(), true);
    }

    /** ID token and userinfo answer are signed with what the client registered. */
    static void signedAnswers(World world) throws Exception {
        var party = new Party(world, "signed");
        party.algorithm = JWSAlgorithm.ES256;
        OIDCTokens tokens = party.signIn();
        String signed = party.userInfo(tokens.getAccessToken()).getUserInfoJWT().serialize();
        String issuer = world.text("issuer");
        URI keys = party.provider.getJWKSetURI();
        String type = SignedJWT.parse(signed).getHeader().getType() == null ? null : "JWT";
        World.equal(Keys.verify(signed, type, issuer, party.id.getValue(), keys).getSubject(),
                world.text("sub"));
        party.algorithm = JWSAlgorithm.RS256;
        World.refused("algorithm", () -> party.verify(tokens, null));
    }

    static void refresh(World world) throws Exception {
        var party = new Party(world, "web");
        OIDCTokens first = party.signIn();
        OIDCTokens second = party.refresh(first.getRefreshToken());
        World.equal(party.verify(second, null).getSubject().getValue(), world.text("sub"));
        World.equal(second.getRefreshToken().equals(first.getRefreshToken()), false);
        party.userInfo(second.getAccessToken());
        World.refused("invalid_grant", () -> party.refresh(new RefreshToken("made up")));
        World.refused("invalid_grant",
                () -> new Party(world, "public").refresh(second.getRefreshToken()));
    }

    static TokenIntrospectionSuccessResponse introspect(Party party, AccessToken token)
            throws Exception {
        var request = new TokenIntrospectionRequest(
                party.provider.getIntrospectionEndpointURI(), party.authentication(), token);
        var response = TokenIntrospectionResponse.parse(request.toHTTPRequest().send());
        if (!response.indicatesSuccess())
            throw new Party.Refusal(response.toErrorResponse().getErrorObject());
        return response.toSuccessResponse();
    }

    static void introspectAndRevoke(World world) throws Exception {
        var party = new Party(world, "web");
        OIDCTokens tokens = party.signIn();
        var told = introspect(party, tokens.getAccessToken());
        World.equal(told.isActive(), true);
        World.equal(told.getSubject().getValue(), world.text("sub"));
        World.equal(introspect(party, new BearerAccessToken("made up")).isActive(), false);
        var revocation = new TokenRevocationRequest(party.provider.getRevocationEndpointURI(),
                party.authentication(), tokens.getRefreshToken());
        World.equal(revocation.toHTTPRequest().send().getStatusCode(), 200);
        World.equal(introspect(party, tokens.getAccessToken()).isActive(), false);
        World.refused("invalid_grant", () -> party.refresh(tokens.getRefreshToken()));
        World.refused("401", () -> party.userInfo(tokens.getAccessToken()));
    }

    static void signOut(World world) throws Exception {
        var party = new Party(world, "web");
        OIDCTokens tokens = party.signIn();
        URI back = world.visit(new LogoutRequest(party.provider.getEndSessionEndpointURI(),
                tokens.getIDToken(), world.uri("afterSignOut"), new State("so-long"))
                        .toURI());
        World.equal(back.toString(), world.text("afterSignOut") + "?state=so-long");
        World.refused("401", () -> party.userInfo(tokens.getAccessToken()));
        World.refused("invalid_grant", () -> party.refresh(tokens.getRefreshToken()));
        var verifier = new CodeVerifier();
        var silent = party.request(verifier, new Nonce()).prompt(Prompt.Type.NONE).build();
        World.refused("login_required", () -> party.authorize(verifier, null, silent));
    }

    /** A JWT of RFC 9068 as an API verifies it, of whose audience it is. */
    static void accessToken(World world) throws Exception {
        var party = new Party(world, "web");
        var verifier = new CodeVerifier();
        var nonce = new Nonce();
        var request = party.request(verifier, nonce).resource(world.uri("api")).build();
        String token =
                party.redeem(party.authorize(verifier, nonce, request)).getAccessToken().getValue();
        String issuer = world.text("issuer");
        String api = world.text("api");
        URI keys = party.provider.getJWKSetURI();
        World.equal(
                Keys.verify(token, "at+jwt", issuer, api, keys).getSubject(), world.text("sub"));
        World.refused("aud", () -> Keys.verify(token, "at+jwt", issuer, party.id.getValue(), keys));
        World.refused("type", () -> Keys.verify(token, "JWT", issuer, api, keys));
        World.refused("iss", () -> Keys.verify(token, "at+jwt", issuer + "/elsewhere", api, keys));
        World.refused(
                "ignature", () -> Keys.verify(World.tampered(token), "at+jwt", issuer, api, keys));
    }
}
