import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.ErrorObject;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.PrivateKeyJWT;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.dpop.DPoPProofFactory;
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.UserInfoSuccessResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.AccessTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;
import java.security.PrivateKey;

/** A relying party made of the Nimbus SDK. */
class Party {
    /** An error of the provider's. */
    static final class Refusal extends Exception {
        Refusal(ErrorObject error) {
            super(error.getHTTPStatusCode() + " " + error.getCode() + " " + error.getDescription());
        }
    }

    /** What came back from the provider, and what only this browser's request knows. */
    record Answer(AuthorizationCode code, CodeVerifier verifier, Nonce nonce) {}

    final World world;
    final World.Client client;
    final OIDCProviderMetadata provider;
    final ClientID id;
    /** How ID tokens are signed for it. */
    JWSAlgorithm algorithm = JWSAlgorithm.RS256;
    /** What binds its tokens to a key; none for bearer tokens. */
    DPoPProofFactory proofs;
    private Nonce proofNonce;

    Party(World world, String kind) throws Exception {
        this.world = world;
        client = world.client(kind);
        id = new ClientID(client.id());
        provider = OIDCProviderMetadata.resolve(new Issuer(world.text("issuer")));
    }

    /** From now on its tokens are bound to a new key. */
    Party bound() throws Exception {
        proofs = new DefaultDPoPProofFactory(
                new ECKeyGenerator(Curve.P_256).generate(), JWSAlgorithm.ES256);
        return this;
    }

    /** None for a public client; a key's assertion is a new one each time. */
    ClientAuthentication authentication() throws Exception {
        if (client.pem() != null) {
            PrivateKey key = Keys.ec(client.pem());
            return new PrivateKeyJWT(
                    id, world.uri("issuer"), JWSAlgorithm.ES256, key, client.kid(), null);
        }
        return client.secret() == null ? null
                                       : new ClientSecretBasic(id, new Secret(client.secret()));
    }

    AuthenticationRequest.Builder request(CodeVerifier verifier, Nonce nonce) {
        return new AuthenticationRequest
                .Builder(ResponseType.CODE,
                        new Scope("openid", "profile", "email", "offline_access"), id,
                        world.uri("redirectUri"))
                .endpointURI(provider.getAuthorizationEndpointURI())
                .state(new State())
                .nonce(nonce)
                .codeChallenge(verifier, CodeChallengeMethod.S256);
    }

    /** How a request gets to the provider: a URL that the person opens. */
    URI send(AuthenticationRequest request) throws Exception {
        return request.toURI();
    }

    AuthenticationResponse parse(URI back) throws Exception {
        return AuthenticationResponseParser.parse(back);
    }

    Answer authorize(CodeVerifier verifier, Nonce nonce, AuthenticationRequest request)
            throws Exception {
        AuthenticationResponse response = parse(world.visit(send(request)));
        World.equal(response.getState(), request.getState());
        World.equal(response.getIssuer(), provider.getIssuer());
        if (!response.indicatesSuccess())
            throw new Refusal(response.toErrorResponse().getErrorObject());
        return new Answer(response.toSuccessResponse().getAuthorizationCode(), verifier, nonce);
    }

    Answer authorize() throws Exception {
        var verifier = new CodeVerifier();
        var nonce = new Nonce();
        return authorize(verifier, nonce, request(verifier, nonce).build());
    }

    TokenRequest.Builder grant(AuthorizationGrant grant) throws Exception {
        ClientAuthentication shown = authentication();
        URI endpoint = provider.getTokenEndpointURI();
        return shown == null ? new TokenRequest.Builder(endpoint, id, grant)
                             : new TokenRequest.Builder(endpoint, shown, grant);
    }

    OIDCTokens tokens(TokenRequest.Builder request) throws Exception {
        TokenResponse response =
                OIDCTokenResponseParser.parse(send(request.build().toHTTPRequest(), null));
        if (!response.indicatesSuccess())
            throw new Refusal(response.toErrorResponse().getErrorObject());
        return ((OIDCTokenResponse) response).getOIDCTokens();
    }

    OIDCTokens redeem(Answer answer) throws Exception {
        return tokens(grant(new AuthorizationCodeGrant(
                answer.code(), world.uri("redirectUri"), answer.verifier())));
    }

    OIDCTokens refresh(RefreshToken token) throws Exception {
        return tokens(grant(new RefreshTokenGrant(token)));
    }

    IDTokenClaimsSet verify(OIDCTokens tokens, Nonce nonce) throws Exception {
        var validator = new IDTokenValidator(
                provider.getIssuer(), id, algorithm, provider.getJWKSetURI().toURL());
        IDTokenClaimsSet claims = validator.validate(tokens.getIDToken(), nonce);
        if (claims.getAccessTokenHash() != null) {
            AccessTokenValidator.validate(
                    tokens.getAccessToken(), algorithm, claims.getAccessTokenHash());
        }
        return claims;
    }

    /** Signs in, and verifies the ID token with the access token's hash in it. */
    OIDCTokens signIn() throws Exception {
        Answer answer = authorize();
        OIDCTokens tokens = redeem(answer);
        World.equal(verify(tokens, answer.nonce()).getSubject().getValue(), world.text("sub"));
        return tokens;
    }

    /**
     * Of the two challenges of a 401, Bearer and DPoP, the library looks at the one that Java's
     * HTTP client names first, which is the last: for a bearer token only the status says
     * something.
     */
    UserInfoSuccessResponse userInfo(AccessToken token) throws Exception {
        HTTPRequest request =
                new UserInfoRequest(provider.getUserInfoEndpointURI(), token).toHTTPRequest();
        UserInfoResponse response = UserInfoResponse.parse(send(request, token));
        if (!response.indicatesSuccess())
            throw new Refusal(response.toErrorResponse().getErrorObject());
        return response.toSuccessResponse();
    }

    /** Sends with a proof if tokens are bound, once more if the server wants its nonce in it. */
    HTTPResponse send(HTTPRequest request, AccessToken token) throws Exception {
        HTTPResponse response = null;
        for (int attempt = 0; attempt < 2; attempt++) {
            if (proofs != null) {
                request.setDPoP(proofs.createDPoPJWT(
                        request.getMethod().name(), request.getURI(), token, proofNonce));
            }
            response = request.send();
            if (response.getDPoPNonce() == null)
                break;
            proofNonce = response.getDPoPNonce();
            if (response.indicatesSuccess())
                break;
        }
        return response;
    }
}
