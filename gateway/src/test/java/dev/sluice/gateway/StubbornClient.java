package dev.sluice.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/** Shows the certificate that it has, of whatever authority the server wants to see one. */
final class StubbornClient extends X509ExtendedKeyManager {
    private final X509Certificate[] chain;
    private final PrivateKey key;

    private StubbornClient(X509Certificate[] chain, PrivateKey key) {
        this.chain = chain;
        this.key = key;
    }

    static SSLContext context(Path store, X509Certificate serverAuthority) throws IOException {
        char[] password = TestAuthority.STORE_PASSWORD.toCharArray();
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, password);
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("server", serverAuthority);
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            X509Certificate[] chain =
                    Arrays.copyOf(keys.getCertificateChain("user"), 2, X509Certificate[].class);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    new KeyManager[] {
                        new StubbornClient(chain, (PrivateKey) keys.getKey("user", password))
                    },
                    trust.getTrustManagers(),
                    null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return new String[] {"user"};
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        return "user";
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        return new String[0];
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        throw new UnsupportedOperationException();
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return chain.clone();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return key;
    }
}
