import java.io.*;
import java.security.cert.*;
import javax.xml.crypto.dsig.*;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.*;

/** Verifies messages with the JDK's XML signatures, secure validation on: pairs of certificate and message. */
public class Verify {
    public static void main(String[] names) throws Exception {
        DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
        documents.setNamespaceAware(true);
        documents.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        for (int i = 0; i < names.length; i += 2) {
            try (InputStream pem = new FileInputStream(names[i])) {
                Certificate signer = CertificateFactory.getInstance("X.509").generateCertificate(pem);
                Document message = documents.newDocumentBuilder().parse(new File(names[i + 1]));
                Node signature = message.getDocumentElement().getLastChild();
                DOMValidateContext context = new DOMValidateContext(signer.getPublicKey(), signature);
                context.setProperty("org.jcp.xml.dsig.secureValidation", true);
                boolean valid = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context).validate(context);
                System.out.println(valid ? "valid" : "invalid");
            } catch (Exception error) {
                System.out.println("invalid " + error);
            }
        }
    }
}
